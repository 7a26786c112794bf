/** What a device is: asked of it once where nobody has said, kept with who said it, and what goes by it. */
import { expect, test } from 'vitest'
import { hexOf, utf8 } from '../../../src/base/bytes.ts'
import { milliseconds, minutes } from '../../../src/base/time.ts'
import type { DevicePatch } from '../../../src/fleet/commands.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'
let messageId = 100

const house = () => new EngineHarness({ 'devices.product-from': 'asked' })
const json = (value: unknown) => `<${hexOf(utf8(JSON.stringify(value)))}>`
const device = (at: EngineHarness) => at.store.device(endpoint)!.device

function register(at: EngineHarness, objects = '</1/0>,</3/0>', queue = ''): void {
  const register = `POST [01] /rd ?ep=${endpoint}&lt=86400&lwm2m=1.1${queue}`
  at.receive(1, `CON ${++messageId} ${register} Content-Format=40 "${objects}"`)
  at.settle()
}

const put = (at: EngineHarness, patch: DevicePatch) =>
  at.command({ command: 'device.put', endpoint, patch, mustExist: false })

/** Message id and token of the read of /3/0 among what the device was sent. */
function asked(at: EngineHarness): { readonly id: string; readonly token: string } | undefined {
  const lines = at.sent(1).filter((line) => line.includes('GET'))
  expect(lines.length).toBeLessThan(2)
  const [, id, token] = /^CON (\d+) GET \[(\w+)\] \/3 \/0( Accept=110)?$/.exec(lines[0] ?? '') ?? []
  return id === undefined || token === undefined ? undefined : { id, token }
}

function tells(at: EngineHarness, resources: Readonly<Record<string, string>>): void {
  const { id, token } = asked(at)!
  const entries = Object.entries(resources).map(([n, vs], i) => ({ ...(i === 0 && { bn: '/3/0/' }), n, vs }))
  at.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=110 ${json(entries)}`)
  at.settle()
}

test('a device nobody said anything about is asked once, and is what its Model Number says', () => {
  const at = house()
  register(at)
  tells(at, { '0': 'Acme', '1': ' meter-7 ', '3': '1.4.2' })
  expect(device(at)).toMatchObject({
    product: 'meter-7',
    productFrom: 'model',
    learned: { vitals: { version: '1.4.2' } },
  })
  expect(at.store.operations({}, undefined, 10)).toEqual([])
  expect(at.events.filter(({ kind }) => kind === 'device.changed').map(({ detail }) => detail)).toEqual([
    { product: 'meter-7', productFrom: 'model' },
  ])
  at.restart()
  register(at)
  expect(asked(at)).toBeUndefined()
})

test.each<[string, string, DevicePatch | undefined]>([
  ['that an operator named', '</1/0>,</3/0>', { product: 'valve' }],
  ['that has no object 3', '</1/0>,</3303/0>', undefined],
])('a device %s is asked nothing', async (_, objects, patch) => {
  const at = house()
  if (patch !== undefined) await put(at, patch)
  register(at, objects)
  expect(asked(at)).toBeUndefined()
  expect(device(at).productFrom).toBe(patch === undefined ? undefined : 'operator')
})

test.each([
  ['told', 'meter-7'],
  ['none', undefined],
] as const)('it is asked nothing with the knob at %s; what an operator reads makes it %s', async (from, product) => {
  const at = new EngineHarness({ 'devices.product-from': from })
  register(at)
  expect(asked(at)).toBeUndefined()
  await at.command({ command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/3/0' } })
  at.settle()
  tells(at, { '1': 'meter-7' })
  expect(device(at).product).toBe(product)
})

test.each([
  ['refuses the object', '4.04', []],
  ['tells none', '2.05', [{ n: '/3/0/9', v: 80 }]],
  ['tells what no product can be', '2.05', [{ n: '/3/0/1', vs: 'x'.repeat(129) }]],
])('a device that %s stays without a product, and is not asked again', (_, code, entries) => {
  const at = house()
  register(at)
  const { id, token } = asked(at)!
  at.receive(1, `ACK ${id} ${code} [${token}]${code === '2.05' ? ` Content-Format=110 ${json(entries)}` : ''}`)
  at.settle()
  expect(device(at)).toMatchObject({ learned: { model: '' } })
  expect(device(at).product).toBeUndefined()
  register(at)
  expect(asked(at)).toBeUndefined()
})

test('one that answers 5.00 or nothing at all is asked again with its next registration, and not before', () => {
  const at = house()
  register(at)
  const { id, token } = asked(at)!
  at.receive(1, `ACK ${id} 5.00 [${token}]`)
  at.settle()
  expect(asked(at)).toBeUndefined()
  register(at)
  expect(asked(at)).toBeDefined()
  at.elapse(minutes(5))
  at.sent()
  at.elapse(minutes(5))
  expect(asked(at)).toBeUndefined()
  register(at)
  tells(at, { '1': 'meter-7' })
  expect(device(at).product).toBe('meter-7')
})

test('an operator overrules it; taken back, it is what the device says again', async () => {
  const at = house()
  register(at)
  tells(at, { '1': 'meter-7' })
  await put(at, { product: 'valve' })
  expect(device(at)).toMatchObject({ product: 'valve', productFrom: 'operator' })
  await put(at, { product: null })
  expect(device(at)).toMatchObject({ product: 'meter-7', productFrom: 'model' })
})

test('what a read of somebody else brings is taken too, and follows the device where it said so itself', async () => {
  const at = house()
  await at.command({ command: 'device.put', endpoint, patch: {}, mustExist: false })
  register(at)
  tells(at, { '1': 'meter-7' })
  await at.command({ command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/3/0' } })
  at.settle()
  tells(at, { '1': 'meter-8' })
  expect(device(at)).toMatchObject({ product: 'meter-8', productFrom: 'model' })
})

test('rules and profiles that go by products hold as soon as it is known', () => {
  const at = new EngineHarness({ 'devices.product-from': 'asked', 'profiles.by-product': 'meter-7=nbiot' })
  at.engine.observationRules = [{ id: 1, product: 'meter-7', tags: {}, path: '/3/0/9', createdAt: at.now }]
  register(at)
  tells(at, { '1': 'meter-7' })
  expect(at.store.observations(device(at).id, 10)).toMatchObject([{ path: '/3/0/9', origins: ['rule'] }])
})

test('a sleeping device is asked while it listens, and what an operator asks goes first', async () => {
  const at = house()
  await put(at, {})
  await at.command({ command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/1/0/1' } })
  register(at, '</1/0>,</3/0>', '&b=UQ')
  at.elapse(minutes(60))
  at.sent()
  at.receive(1, `CON ${++messageId} POST [02] /rd /${at.store.device(endpoint)!.registration!.id}`)
  at.settle()
  const [, id, token] = /CON (\d+) GET \[(\w+)\] \/1 \/0 \/1/.exec(at.sent(1).join('\n')) ?? []
  at.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=0 "60"`)
  at.settle()
  expect(asked(at)).toBeDefined()
})

test('of many that come at once a few a second are asked, and the others in their turn', () => {
  const at = new EngineHarness({ 'devices.product-from': 'asked', 'devices.inquiries-per-second': 2 })
  for (let path = 1; path <= 5; path++) {
    at.receive(
      path,
      `CON ${++messageId} POST [01] /rd ?ep=d${path}&lt=86400&lwm2m=1.1 Content-Format=40 "</1/0>,</3/0>"`,
    )
    at.settle()
  }
  const reads = () => at.sent().filter((line) => line.endsWith('/3 /0')).length
  expect(reads()).toBe(2)
  at.elapse(milliseconds(1100))
  expect(reads()).toBe(2)
  at.elapse(milliseconds(1100))
  expect(reads()).toBe(1)
})
