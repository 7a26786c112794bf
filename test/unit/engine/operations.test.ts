/** Operations through the engine: a durable row first, sent when the device listens, run at most once. */
import { expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../../src/base/time.ts'
import { diskFull, EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>,</5/0>"'

function registered(binding = 'b=U'): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, `CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&${binding} Content-Format=40 ${links}`)
  house.settle()
  house.sent()
  return house
}

/** What a request of ours is answered with: its message id and token in `line`. */
function answering(request: string, line: string): string {
  const [, id, token] = /^CON (\d+) \w+ \[(\w+)\]/.exec(request)!
  return line.replace('$id', id!).replace('$token', token!)
}

const read = { command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind: 'read', path: '/3/0/0' } } as const
const execute = {
  command: 'operation.submit',
  endpoint: 'urn:dev:a',
  draft: { kind: 'execute', path: '/3/0/4' },
} as const
const write = (value: string) =>
  ({ command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind: 'write', path: '/3/0/14', value } }) as const

//  server                       device
//    |  GET /3/0/0  ------------->|
//    |<------------ 2.05 "Acme"   |
test('a read is sent to a device that listens and its answer is decoded', async () => {
  const house = registered()
  const operation = await house.command(read)
  const [request] = house.sent()
  expect(request).toMatch(/^CON \d+ GET \[\w{16}\] \/3 \/0 \/0/)
  house.receive(1, answering(request!, 'ACK $id 2.05 [$token] Content-Format=0 "Acme"'))
  house.settle()
  expect(house.store.operation(operation.id)).toMatchObject({
    state: 'acknowledged',
    code: '2.05',
    attempts: 1,
    result: { path: '/3/0/0', name: 'Manufacturer', value: 'Acme' },
  })
})

test('a sleeping device gets nothing until it has been heard, and then after the answer to its uplink', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  const operation = await house.command(write('+02:00'))
  expect(house.sent()).toEqual([])
  expect(house.store.operation(operation.id)?.state).toBe('queued')
  const location = house.store.device('urn:dev:a')!.registration!.id
  house.receive(1, `CON 2 POST [02] /rd/${location}`)
  house.settle()
  const [answer, request] = house.sent()
  expect(answer).toBe('ACK 2 2.04 [02]')
  expect(request).toMatch(/^CON \d+ PUT \[\w{16}\] \/3 \/0 \/14 Content-Format=110 /)
  expect(house.store.operation(operation.id)?.state).toBe('sent')
})

test('one request at a time, in the order they were asked for, the urgent first', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  await house.command({ ...read, draft: { ...read.draft, path: '/3/0/1' } })
  await house.command({ ...read, draft: { ...read.draft, path: '/3/0/2' } })
  await house.command({ ...read, draft: { ...read.draft, path: '/3/0/3', priority: 0 } })
  const location = house.store.device('urn:dev:a')!.registration!.id
  house.receive(1, `CON 2 POST [02] /rd/${location}`)
  house.settle()
  const asked: string[] = []
  for (let next = house.sent().at(-1); next?.startsWith('CON'); next = house.sent().at(-1)) {
    asked.push(/\/3 \/0 \/(\d)/.exec(next)![1]!)
    house.receive(1, answering(next, 'ACK $id 2.05 [$token] Content-Format=0 "x"'))
    house.settle()
  }
  expect(asked).toEqual(['3', '1', '2'])
})

test('no retransmission goes to a radio that is off; the operation waits for the next uplink', async () => {
  const house = registered('Q')
  const operation = await house.command(read)
  expect(house.sent()).toHaveLength(1)
  house.elapse(hours(2))
  const waits = house.store.operation(operation.id)!
  expect(waits).toMatchObject({ state: 'queued', reason: 'device-asleep' })
  // Awake for 20 s, first wait of at least 8 s, the next of at least 16 s: one repetition at most.
  expect(house.sent().length).toBeLessThanOrEqual(1)
})

test('a request that was with the device when we stopped is repeated with its message id and token', async () => {
  const house = registered()
  await house.command(execute)
  const [request] = house.sent()
  house.now = (house.now + 30_000) as typeof house.now
  house.restart()
  expect(house.sent()).toEqual([request])
})

test('an execute whose fate is unknown for longer than devices remember is not run again', async () => {
  const house = registered()
  const operation = await house.command(execute)
  house.sent()
  house.now = (house.now + seconds(300)) as typeof house.now
  house.restart()
  expect(house.sent()).toEqual([])
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'failed', reason: 'outcome-unknown' })
})

test('a read whose fate is unknown is simply asked again', async () => {
  const house = registered()
  const operation = await house.command(read)
  const [first] = house.sent()
  house.now = (house.now + seconds(300)) as typeof house.now
  house.restart()
  const [again] = house.sent()
  expect(again).toMatch(/GET/)
  expect(again).not.toBe(first)
  house.receive(1, answering(again!, 'ACK $id 2.05 [$token] Content-Format=0 "Acme"'))
  house.settle()
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'acknowledged', attempts: 2 })
})

test('when the store fails at sending, nothing is sent, and the operation goes later', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  const operation = await house.command(read)
  const location = house.store.device('urn:dev:a')!.registration!.id
  house.receive(1, `CON 2 POST [02] /rd/${location}`)
  house.failure = diskFull
  house.settle()
  expect(house.sent()).toEqual([])
  house.failure = undefined
  house.receive(1, `CON 2 POST [02] /rd/${location}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 2 2.04 [02]', expect.stringMatching(/^CON \d+ GET/)])
  expect(house.store.operation(operation.id)?.attempts).toBe(1)
})

test('an answer whose commit fails is not lost: it is written down as soon as the store takes it', async () => {
  const house = registered()
  const operation = await house.command(read)
  const [request] = house.sent()
  house.failure = diskFull
  house.receive(1, answering(request!, 'ACK $id 2.05 [$token] Content-Format=0 "Acme"'))
  house.settle()
  expect(house.store.operation(operation.id)?.state).toBe('sent')
  house.failure = undefined
  house.elapse(seconds(5))
  expect(house.store.operation(operation.id)?.state).toBe('acknowledged')
  expect(house.sent()).toEqual([])
})

test('a newer value replaces one that still waits; one that was sent is left alone', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  const older = await house.command(write('+01:00'))
  const newer = await house.command(write('+02:00'))
  expect(house.store.operation(older.id)).toMatchObject({ state: 'cancelled', reason: 'superseded' })
  expect(house.store.operation(newer.id)?.state).toBe('queued')
})

test('what waits beyond its deadline expires', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  const deadline = (house.now + 60_000) as typeof house.now
  const operation = await house.command({ ...read, draft: { ...read.draft, deadline } })
  house.elapse(minutes(2))
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'expired', reason: 'deadline' })
})

test('the same idempotency key is the same operation', async () => {
  const house = registered('Q')
  house.elapse(minutes(10))
  const keyed = { ...execute, draft: { ...execute.draft, idempotencyKey: 'once' } }
  const [first, second] = [await house.command(keyed), await house.command(keyed)]
  expect(second.id).toBe(first.id)
  const other = { ...keyed, draft: { ...keyed.draft, kind: 'read', path: '/3/0/9' } } as const
  await expect(house.command(other)).rejects.toMatchObject({ code: 'operation.key-taken' })
})

test.each([
  ['an object the device does not have', { kind: 'read', path: '/9/0' }, 'path.not-registered'],
  ['a resource that cannot be written', { kind: 'write', path: '/3/0/0', value: 'x' }, 'operation.not-allowed'],
  ['a value of another type', { kind: 'write', path: '/1/0/1', value: 'soon' }, 'value.type'],
  ['a path that is none', { kind: 'read', path: '/3/x' }, 'path.syntax'],
] as const)('%s is refused before anything is kept', async (_, draft, code) => {
  const house = registered()
  await expect(house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })).rejects.toMatchObject({
    code,
    status: 422,
  })
  expect(house.store.operations({}, undefined, 10)).toEqual([])
})

test('an operation on an unknown device is refused with 404', async () => {
  const house = new EngineHarness()
  await expect(house.command(read)).rejects.toMatchObject({ code: 'device.unknown', status: 404 })
})

test('a burst of commands for many devices is served, and its actors are let go of within a sweep', async () => {
  const house = new EngineHarness({ 'actors.awake': 64 })
  const endpoints = Array.from({ length: 2000 }, (_, i) => `urn:dev:burst-${i}`)
  const replies = endpoints.map((endpoint) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const command = { command: 'device.put', endpoint, patch: { product: 'meter' }, mustExist: false } as const
    house.engine.submit(house.now, command, { resolve, reject })
    return promise
  })
  house.settle()
  expect(await Promise.all(replies)).toHaveLength(2000)
  expect(house.store.countDevices()).toBe(2000)
  house.elapse(seconds(2))
  expect(house.engine.actors.size).toBeLessThanOrEqual(65)
})
