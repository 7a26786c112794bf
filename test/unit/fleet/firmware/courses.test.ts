/** Whole updates, message by message: the ones that go well, and each way they go wrong. */
import { describe, expect, test } from 'vitest'
import { failureOf, retryOf } from '../../../../src/fleet/firmware/results.ts'
import { newUpdate, step, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import type { FirmwareUpdate } from '../../../../src/fleet/firmware/types.ts'
import { at, device, start } from '../fixtures.ts'
import { block, ended, image, registered, report, rules, updates, wordsOf } from './fixtures.ts'

/** Runs inputs a second apart; what each asked of the device, and the update at the end. */
function run(
  inputs: readonly FirmwareInput[],
  from: FirmwareUpdate = newUpdate(1, device, { image }, start),
  around = rules,
) {
  let update = from
  const asked = inputs.map((input, second) => {
    const { next, actions } = step(update, input, at(second), around)
    update = next
    return wordsOf(actions)
  })
  return { update, asked }
}

const old = report({ firmwareVersion: '1.0.0' })
const current = report({ firmwareVersion: '2.0.0' })
const idle = report({ state: 0, result: 0, protocols: [0, 1], delivery: 2 })
const offered = [registered('r1'), old, idle, ended('offer', 'acknowledged')]
const downloaded = [...offered, block(0), block(512), block(1024), block(1536), report({ state: 2, result: 0 })]
const updating = [...downloaded, ended('install', 'acknowledged'), report({ state: 3 })]

test.each(['reset', 'cancel'] as const)(
  'what an earlier update asked by a %s and is refused only has the device read',
  (what) => {
    const answer = ended(what, 'rejected')
    const earlier = { ...answer, operation: { ...answer.operation, createdAt: at(-5) } }
    const { next, actions } = step(updates.pending, earlier, at(1), rules)
    expect([next.state, wordsOf(actions)]).toEqual(['pending', 'read /5/0'])
  },
)

test('undisturbed, a device fetches, installs, registers and is confirmed by its version', () => {
  const { update, asked } = run([...updating, registered('r2'), current])
  expect(asked.filter((words) => words !== '')).toEqual([
    'read /3/0/3, read /5/0, observe /5/0/3, observe /5/0/5',
    'offer',
    'read /5/0',
    'install',
    'read /3/0/3, read /5/0',
    'withdraw',
  ])
  expect(update).toMatchObject({
    state: 'confirmed',
    fromVersion: '1.0.0',
    fetched: 2048,
    resumes: 0,
    blockSize: 512,
    finishedAt: at(12),
  })
  expect(update).not.toHaveProperty('dueAt')
  expect(update).not.toHaveProperty('reason')
})

describe('the new version confirms an update', () => {
  test.each([
    ['with result 1', [report({ state: 0, result: 1 }), current]],
    ['with result 0', [report({ state: 0, result: 0 }), current]],
    ['before its state is known', [current]],
    ['when it never left Downloading for us to see', [current]],
  ])('%s', (_, after) => {
    expect(run([...updating, registered('r2'), ...after]).update.state).toBe('confirmed')
  })

  test('even if we never saw it download', () => {
    expect(run([...offered, registered('r2'), current]).update.state).toBe('confirmed')
  })

  test('at once if the device ran it before', () => {
    const { update } = run([registered('r1'), current])
    expect(update).toMatchObject({ state: 'confirmed', reason: 'the device ran this version already' })
  })

  test('but not without another registration, however long it is shown', () => {
    const { update } = run([...updating, current, current])
    expect(update.state).toBe('updating')
    const late = step(update, { input: 'tick' }, update.dueAt ?? start, rules).next
    expect(late).toMatchObject({
      state: 'failed',
      reason: 'the device shows 2.0.0 but did not register again after the install command',
    })
  })

  test('of the package only where the device does not tell what it runs, and says that it succeeded', () => {
    const back = [...updating, registered('r2'), ended('read /3/0/3', 'rejected')]
    const packaged = (result: number) => report({ state: 0, result, packageVersion: '2.0.0' })
    expect(run([...back, packaged(1)]).update.state).toBe('confirmed')
    expect(run([...back, packaged(0)]).update).toMatchObject({
      state: 'failed',
      reason: 'the device does not say which version it runs, so nothing confirms the update',
    })
  })
})

describe('after the install command', () => {
  const back = [...updating, registered('r2')]
  test.each([
    ['the old version is a revert', [old, idle], 'reverted: the device came back with 1.0.0 instead of 2.0.0'],
    ['a revert with result 1 too', [old, report({ state: 0, result: 1 })], 'reverted: the device came back with 1.0.0'],
    ['a failed installation is told', [old, report({ state: 0, result: 8 })], 'could not install'],
    ['a failed installation that stays Downloaded too', [old, report({ state: 2, result: 8 })], 'could not install'],
  ])('%s', (_, seen, reason) => {
    const { update } = run([...back, ...seen])
    expect(update.state).toBe('failed')
    expect(update.reason).toContain(reason)
  })

  test('an early registration with the old version is waited out while the device still installs', () => {
    const { update } = run([...back, old, report({ state: 3, result: 0 }), registered('r3'), current])
    expect(update.state).toBe('confirmed')
  })

  test('a device that came back with the image not installed is told again, a few times', () => {
    const again = [registered('r2'), old, report({ state: 2, result: 0 }), ended('install', 'acknowledged')]
    const { update, asked } = run([...updating, ...again])
    expect(asked.slice(-2)).toEqual(['install', ''])
    expect(update).toMatchObject({ state: 'updating', attempts: 1, registrationAtUpdate: 'r2' })
    const more = ['r3', 'r4'].flatMap((id) => [registered(id), ...again.slice(1)])
    expect(run(more, update).update).toMatchObject({ state: 'failed' })
  })

  test('a deferring device is not pressed', () => {
    const { update, asked } = run([...updating, report({ state: 2, result: 11 }), report({ state: 2 })])
    expect(update.state).toBe('downloaded')
    expect(asked.slice(-2)).toEqual(['', ''])
    expect(run([report({ state: 3 }), registered('r2'), current], update).update.state).toBe('confirmed')
  })

  test('silence beyond the grace of its radio is a failure', () => {
    const { update } = run(updating)
    const by = update.dueAt ?? start
    expect(by).toBe(at(9 + 15 * 60))
    expect(step(update, { input: 'tick' }, at(909 - 0.001), rules).next).toBe(update)
    expect(step(update, { input: 'tick' }, by, rules).next).toMatchObject({
      state: 'failed',
      reason: '2.0.0 was not seen within 15 minutes of the install command',
    })
  })
})

test('a device that has come back and sleeps on has until it stalls to say which version it runs', () => {
  const back = step(updates.updating, registered('r2'), at(60), rules).next
  const grace = updates.updating.dueAt ?? start
  expect(step(back, { input: 'tick' }, grace, rules).next.state).toBe('updating')
  expect(back.dueAt).toBe(at(60 + 7 * 24 * 3600))
})

describe('a download', () => {
  test('cut by power goes on where the device registers idle', () => {
    const cut = [...offered, block(0), block(512), registered('r2'), old, idle]
    const { update, asked } = run(cut)
    expect(asked.at(-1)).toBe('offer')
    expect(update).toMatchObject({ state: 'pending', attempts: 1, fetched: 1024 })
    const resumed = run([ended('offer', 'acknowledged'), block(1024)], update).update
    expect(resumed).toMatchObject({ state: 'downloading', fetched: 1536, resumes: 1 })
  })

  test('that goes on in the middle before our offer was answered, or after a long silence, is resumed', () => {
    const early = run([block(1024)], { ...updates.pending, fetched: 1024, registrationAtOffer: 'r0' })
    expect(early.update).toMatchObject({ fetched: 1536, resumes: 1 })
    const quiet = step(updates.downloading, block(1024), at(61), rules).next
    expect(quiet).toMatchObject({ fetched: 1536, resumes: 1 })
    expect(step(updates.downloading, block(1024), at(59), rules).next).toMatchObject({ resumes: 0 })
    const restarted = step(updates.downloading, registered('r2'), at(1), rules).next
    expect(step(restarted, block(1024), at(2), rules).next).toMatchObject({ resumes: 1, registrationAtOffer: 'r2' })
  })

  test('by Range goes on where the device asks it to, whatever had left us by then', () => {
    const asked: FirmwareInput = {
      input: 'block-served',
      offset: 512,
      length: 100,
      size: image.size,
      blockSize: 100,
      isBeginning: true,
    }
    const far = { ...updates.downloading, fetched: 2048 }
    expect(step(far, asked, at(5), rules).next).toMatchObject({ fetched: 612, resumes: 1 })
    // A device that takes one range after the other makes no break.
    const near = { ...far, fetched: 512 }
    expect(step(near, asked, at(5), rules).next).toMatchObject({ fetched: 612, resumes: 0 })
    // One that takes all the rest was interrupted, even if all that had left us has arrived.
    const { blockSize: _, ...rest } = asked
    expect(step(near, rest, at(5), rules).next).toMatchObject({ fetched: 612, resumes: 1 })
  })

  test('that begins anew shows it, and a repeated block does not count twice', () => {
    expect(step(updates.downloading, block(0), at(5), rules).next.fetched).toBe(512)
    expect(step(updates.downloading, block(512), at(5), rules).next.fetched).toBe(1024)
  })

  test.each([
    [3, 'no-ram'],
    [4, 'connection-lost'],
    [12, 'conflict'],
  ])('that ends with result %i is offered again after a while, and given up after the attempts', (result, failure) => {
    const { update, asked } = run([...offered, report({ state: 0, result }), idle])
    expect(update).toMatchObject({ state: 'pending', attempts: 1, dueAt: at(4 + 600) })
    expect(asked.slice(-2)).toEqual(['', ''])
    const again = step(update, { input: 'tick' }, at(604), rules)
    expect(wordsOf(again.actions)).toBe('read /3/0/3, read /5/0')
    const second = step(again.next, idle, at(605), rules)
    expect(wordsOf(second.actions)).toBe('offer')
    const taken = step(second.next, ended('offer', 'acknowledged'), at(606), rules).next
    const lost = step(taken, report({ state: 0, result }), at(607), rules).next
    expect(lost).toMatchObject({ state: 'pending', attempts: 2, dueAt: at(607 + 2400) })
    const third = step({ ...taken, attempts: 2 }, report({ state: 0, result }), at(608), rules).next
    expect(third).toMatchObject({ state: 'failed', failure, result })
    expect(third.reason).toContain('given up after 2 more attempts')
  })

  test.each([
    [2, 'flash'],
    [5, 'integrity'],
    [6, 'type of package'],
    [7, 'URI'],
    [8, 'install'],
    [9, 'protocol'],
    [10, 'cancelled'],
    [13, 'needs another'],
    [42, '42'],
  ])('that ends with result %i says so', (result, words) => {
    const { update } = run([...offered, report({ state: 0, result })])
    expect(update.state).toBe('failed')
    expect(update.reason).toContain(words)
  })

  test('without progress for too long has failed', () => {
    const { update } = run([...offered, block(0)])
    const late = step(update, { input: 'tick' }, update.dueAt ?? start, rules).next
    expect(late).toMatchObject({ state: 'failed', reason: 'no progress for 7 days while downloading' })
  })
})

describe('before a download', () => {
  test('a device with somebody else’s package drops it first', () => {
    const { asked, update } = run([
      registered('r1'),
      report({ state: 2, result: 0 }),
      ended('reset', 'acknowledged'),
      idle,
      ended('offer', 'acknowledged'),
    ])
    expect(asked.slice(1)).toEqual(['reset', 'read /5/0', 'offer', ''])
    expect(update.state).toBe('offered')
  })

  test.each([
    ['does not fetch over coap', report({ state: 0, protocols: [2, 3] }), rules.packageUri],
    ['does not fetch over coaps', report({ state: 0, protocols: [0] }), 'coaps://h/fw/k'],
  ])('a device that %s is told apart', (reason, seen, packageUri) => {
    const { update } = run([registered('r1'), seen], undefined, { ...rules, packageUri })
    expect(update).toMatchObject({ state: 'failed', failure: 'protocol' })
    expect(update.reason).toContain(`the device ${reason}`)
  })

  test.each([
    ['names no protocols', report({ state: 0, protocols: [] })],
    ['fetches over it', report({ state: 0, protocols: [5, 0] })],
  ])('a device that %s is offered the image', (_, seen) => {
    expect(run([registered('r1'), seen]).asked.at(-1)).toBe('offer')
  })

  test('a device without object 5 is told apart', () => {
    expect(run([registered('r1'), ended('read /5/0', 'rejected')]).update).toMatchObject({
      state: 'failed',
      failure: 'no-object',
      reason: 'the device has no Firmware Update object at /5/0 (4.05)',
    })
  })

  test('what it says is kept no longer than it may be', () => {
    const { update } = run([
      registered('r1'),
      report({ firmwareVersion: 'x'.repeat(5000), packageVersion: 'y'.repeat(5000), protocols: Array(99).fill(0) }),
    ])
    expect(JSON.stringify(update.seen).length).toBeLessThan(700)
  })
})

test('a cancelled update is reset on a device that may have begun, and only there', () => {
  const cancel: FirmwareInput = { input: 'cancel' }
  expect(run([cancel])).toMatchObject({ asked: ['withdraw'], update: { state: 'cancelled' } })
  expect(run([registered('r1'), idle, cancel]).asked.at(-1)).toBe('withdraw, reset')
  expect(run([...updating, cancel]).update.state).toBe('updating')
})

test('every result has words, and those that can be tried again are told apart', () => {
  const failures = Array.from({ length: 15 }, (_, result) => failureOf(result))
  expect(failures.map((failure) => failure && `${failure} ${retryOf(failure)}`)).toEqual([
    undefined, undefined, 'no-flash permanent', 'no-ram transient', 'connection-lost transient', 'integrity inspect',
    'package-type permanent', 'uri permanent', 'install-failed inspect', 'protocol permanent',
    'cancelled-on-device inspect', undefined, 'conflict transient', 'dependency permanent', 'unknown-result inspect',
  ]) // prettier-ignore
})
