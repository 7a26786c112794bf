/**
 * What devices refuse, and what we refuse for them: a wish that cannot work is told before a datagram is spent
 * on it, and one that is sent all the same ends with the device's own code, in words.
 */
import { describe, expect, test } from 'vitest'
import type { OperationDraft } from '../../../../src/fleet/operations/types.ts'
import { ScriptedDevice } from '../../../support/scripted-device.ts'

const write = (path: string, value: OperationDraft['value']): OperationDraft => ({ kind: 'write', path, value })

/** Wishes of an operator that no device grants. The first code is ours, the second what a device says to it. */
const hopeless: readonly (readonly [what: string, wish: OperationDraft, code: string, answer: string])[] = [
  ['Read of what can only be executed', { kind: 'read', path: '/3/0/4' }, 'operation.not-allowed', '4.05'],
  ['Read of an absent object', { kind: 'read', path: '/6' }, 'path.not-registered', '4.04'],
  ['Read of an absent instance', { kind: 'read', path: '/3303/9' }, 'path.not-registered', '4.04'],
  ['Read of a resource no version has', { kind: 'read', path: '/3/0/99' }, 'path.not-in-model', '4.04'],
  ['Read of the Security object', { kind: 'read', path: '/0/0' }, 'path.not-registered', '4.04'],
  ['Write to the Security object', write('/0/0/0', 'x'), 'path.not-registered', '4.04'],
  ['Execute in the Security object', { kind: 'execute', path: '/0/0/3' }, 'path.not-registered', '4.04'],
  ['Create of a Security instance', { kind: 'create', path: '/0', value: {} }, 'path.not-registered', '4.04'],
  ['Delete of a Security instance', { kind: 'delete', path: '/0/0' }, 'path.not-registered', '4.04'],
  ['Write of what can only be read', write('/3/0/0', 'x'), 'operation.not-allowed', '4.05'],
  ['Write of what can only be executed', write('/3/0/4', 'x'), 'value.type', '4.05'],
  ['Write of a value of the wrong type', write('/1/0/1', 'soon'), 'value.type', '4.00'],
  ['Write of a value out of range', write('/3311/0/5851', 200), 'value.range', '4.00'],
  ['Write to an absent instance', write('/3303/9/5750', 'x'), 'path.not-registered', '4.04'],
  ['Execute of a readable value', { kind: 'execute', path: '/3/0/0' }, 'operation.not-allowed', '4.05'],
  ['Execute of a writable value', { kind: 'execute', path: '/3/0/14' }, 'operation.not-allowed', '4.05'],
  ['Execute of an absent resource', { kind: 'execute', path: '/3/0/99' }, 'path.not-in-model', '4.04'],
  ['Execute in an absent object', { kind: 'execute', path: '/6/0/1' }, 'path.not-registered', '4.04'],
  ['Create of a second Device', { kind: 'create', path: '/3', value: {} }, 'operation.not-allowed', '4.05'],
  [
    'Create without what is mandatory',
    { kind: 'create', path: '/1', value: { 1: 60 } },
    'value.missing-mandatory',
    '4.00',
  ],
  ['Create in an absent object', { kind: 'create', path: '/6', value: {} }, 'path.not-registered', '4.04'],
  ['Delete of an absent instance', { kind: 'delete', path: '/3303/9' }, 'path.not-registered', '4.04'],
  ['Discover of an absent object', { kind: 'discover', path: '/6' }, 'path.not-registered', '4.04'],
  ['Discover of an absent instance', { kind: 'discover', path: '/3303/9' }, 'path.not-registered', '4.04'],
  [
    'pmin above pmax',
    { kind: 'write-attributes', path: '/3303/0', value: { pmin: 60, pmax: 10 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'epmin above epmax',
    { kind: 'write-attributes', path: '/3303/0', value: { epmin: 60, epmax: 10 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'gt below lt',
    { kind: 'write-attributes', path: '/3303/0/5700', value: { gt: 1, lt: 2 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'gt equal to lt',
    { kind: 'write-attributes', path: '/3303/0/5700', value: { gt: 2, lt: 2 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'lt and two steps beyond gt',
    { kind: 'write-attributes', path: '/3303/0/5700', value: { gt: 3, lt: 1, st: 1 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'a condition on an instance',
    { kind: 'write-attributes', path: '/3303/0', value: { gt: 1 } },
    'attribute.inconsistent',
    '4.00',
  ],
  [
    'an attribute of 1.2 on a device of 1.1',
    { kind: 'write-attributes', path: '/3303/0', value: { con: 1 } },
    'operation.needs-version',
    '4.00',
  ],
  [
    'Read-Composite with an absent object',
    { kind: 'read-composite', path: '/3/0 /6/0' },
    'path.not-registered',
    '4.04',
  ],
]

describe('a wish that cannot work', () => {
  test.each(hopeless)('%s is refused before anything is sent', async (_what, wish, code) => {
    const device = new ScriptedDevice().register()
    await expect(device.wish(wish)).rejects.toMatchObject({ code })
    expect(device.heard()).toEqual([])
  })

  const forced = hopeless.filter(([, wish]) => !(wish.kind === 'read-composite'))
  test.each(forced)(
    '%s goes out with force, and ends with what the device says',
    async (_what, wish, _code, answer) => {
      const device = new ScriptedDevice().register()
      const ended = await device.exchange({ ...wish, force: true }, answer)
      expect(ended).toMatchObject({ state: 'failed', reason: 'rejected', code: answer })
      expect(ended.detail).toMatch(new RegExp(`^${answer}: .{10}`))
    },
  )
})

describe('a code the device answers with', () => {
  test.each<[code: string, wish: OperationDraft, sentence: RegExp]>([
    ['4.00', write('/3/0/14', 'Z'), /./],
    ['4.01', { kind: 'read', path: '/3/0' }, /does not let this server read \/3\/0 .*access control \(object 2\)/],
    ['4.03', { kind: 'execute', path: '/3/0/4' }, /does not let this server execute .*access control \(object 2\)/],
    ['4.04', { kind: 'read', path: '/3/0/9' }, /there is no \/3\/0\/9/],
    ['4.05', { kind: 'delete', path: '/3/0' }, /does not allow/],
    ['4.15', { kind: 'create', path: '/3303', value: {} }, /content format/],
    ['5.01', { kind: 'read-composite', path: '/3/0 /4/0' }, /does not implement 'read-composite'/],
    ['4.27', { kind: 'read', path: '/3/0' }, /unknown code/],
  ])('%s ends the operation and is told with its reason', async (code, wish, sentence) => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(wish, code)
    expect(ended).toMatchObject({ state: 'failed', code })
    expect(ended.detail).toMatch(sentence)
  })

  test('of a success no operation defines is taken by its class, and noted', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange({ kind: 'read', path: '/3/0/9' }, '2.04 Content-Format=0 "87"')
    expect(ended).toMatchObject({ state: 'acknowledged', code: '2.04', result: { value: 87 } })
    expect(device.quirks).toContain('response.code')
  })

  test('comes with the diagnostic the device gives', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(write('/3/0/14', 'Z'), '4.00 "no such zone"')
    expect(ended.detail).toMatch(/no such zone/)
  })
})

test('RST says that the device does not know us: told as such', async () => {
  const device = new ScriptedDevice().register()
  const id = await device.wish({ kind: 'read', path: '/3/0/9' })
  device.request()
  device.house.receive(1, `RST ${device.messageId} EMPTY`)
  device.house.settle()
  expect(device.operation(id)).toMatchObject({ state: 'failed', reason: 'reset' })
})

test('an answer nobody can read keeps its octets for the operator', async () => {
  const device = new ScriptedDevice().register()
  const ended = await device.exchange({ kind: 'read', path: '/3/0' }, '2.05 Content-Format=11542 <c80064>')
  expect(ended).toMatchObject({ state: 'failed', reason: 'undecodable', result: { payload: 'c80064' } })
})
