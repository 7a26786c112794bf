/**
 * What a shard tells the house is one message a turn, and no more than two that the house has not gone through. What is
 * the shard's it reads for itself, and nothing of a device before it is.
 */
import { expect, it } from 'vitest'
import { instantOf } from '../../../../src/base/time.ts'
import type { Engine } from '../../../../src/engine/engine.ts'
import type { Credential } from '../../../../src/fleet/credentials/types.ts'
import type { DeviceKey, DeviceSnapshot } from '../../../../src/fleet/store.ts'
import { emptyHouseTurn, type HouseTurn, type ShardTurn } from '../../../../src/server/shards/messages.ts'
import { RemoteDesk } from '../../../../src/server/shards/remote-desk.ts'

const now = instantOf(0)

/** A desk over a store of which each read is written down; of the engine what it is told. */
function world() {
  const told: ShardTurn[] = []
  const happened: string[] = []
  const stored = new Map<string, DeviceSnapshot>()
  const busy = new Set<string>()
  const found = (key: DeviceKey): DeviceSnapshot | undefined =>
    key.by === 'endpoint' ? stored.get(key.endpoint) : stored.get(key.by === 'id' ? `device-${key.deviceId}` : '')
  const desk = new RemoteDesk({
    operationsLimit: 10,
    post: (turn) => told.push(turn),
    store: {
      snapshot: (key) => {
        happened.push(`read by ${key.by}`)
        return found(key)
      },
      together: (reads) => reads(),
      credentialsOfEndpoint: (endpoint) =>
        endpoint === 'vouched'
          ? [{ state: 'active', tags: ['site:4'], product: 'meter' } as unknown as Credential]
          : [],
    },
  })
  const engine = {
    committed: () => happened.push('committed'),
    loaded: (_now: unknown, _ticket: unknown, snapshot?: DeviceSnapshot, vouched?: { product?: string }) =>
      happened.push(`loaded ${snapshot?.device.endpoint ?? vouched?.product ?? 'nothing'}`),
    recover: (_now: unknown, id: number) => happened.push(`recover ${id}`),
    release: (_now: unknown, endpoint: string) => !busy.has(endpoint),
  } as unknown as Engine
  return {
    desk,
    told,
    happened,
    busy,
    keep: (id: number, operations = 0): void => {
      const device = { id, endpoint: `device-${id}` }
      stored.set(`device-${id}`, {
        device,
        operations: Array.from({ length: operations }),
      } as unknown as DeviceSnapshot)
    },
    load: (key: DeviceKey): void => desk.load({ key }),
    turn: () => desk.turn(engine, now),
    /** The house has gone through everything told so far, and says this. */
    hear: (turn: Partial<HouseTurn>): void => {
      desk.receive(engine, now, { ...emptyHouseTurn(), ...turn })
      desk.turn(engine, now)
    },
    takeHappened: () => happened.splice(0),
  }
}

it('gathers while the house is busy', () => {
  const { desk, told, turn, hear, happened } = world()
  for (let i = 0; i < 5; i++) {
    desk.commit({}, [{ op: 'device.seen', deviceId: 1, at: now }])
    turn()
  }
  expect(told.map(({ commits }) => commits.length)).toEqual([1, 1])
  expect(desk.isSettled).toBe(false)

  hear({ taken: 2, committed: told.flatMap(({ commits }) => commits.map(({ no }) => no)) })
  expect(told.map(({ commits }) => commits.length)).toEqual([1, 1, 3])
  expect(desk.isSettled).toBe(false)

  hear({ taken: 1, committed: told[2]!.commits.map(({ no }) => no) })
  expect(told).toHaveLength(3)
  expect(desk.isSettled).toBe(true)
  expect(happened).toHaveLength(5)
})

it.each<[string, DeviceKey, read: string[]]>([
  ['by its name', { by: 'endpoint', endpoint: 'device-7' }, []],
  ['by its number', { by: 'id', deviceId: 7 }, ['read by id']],
])('a device asked for %s is claimed first, and read once it is ours', (_how, key, read) => {
  const { told, keep, load, turn, hear, takeHappened } = world()
  keep(7)
  load(key)
  turn()
  expect(takeHappened()).toEqual(read)
  expect(told.map(({ claims }) => claims)).toEqual([[{ no: 1, endpoint: 'device-7' }]])
  hear({ taken: 1, granted: [{ no: 1, isMoved: false }] })
  expect(takeHappened()).toEqual([`read by ${key.by}`, 'loaded device-7'])

  // Let go of and wanted again: nobody needs to be asked.
  load(key)
  turn()
  expect(takeHappened()).toEqual([`read by ${key.by}`, 'loaded device-7'])
  expect(told).toHaveLength(1)
})

it('what nobody is known by is not claimed', () => {
  const { told, load, turn, takeHappened } = world()
  load({ by: 'registration', registrationId: 'r1' })
  turn()
  expect(takeHappened()).toEqual(['read by registration', 'loaded nothing'])
  expect(told).toEqual([])
})

it('a name that no device has yet comes with what its credential says', () => {
  const { load, turn, hear, takeHappened } = world()
  load({ by: 'endpoint', endpoint: 'vouched' })
  turn()
  hear({ granted: [{ no: 1, isMoved: false }] })
  expect(takeHappened()).toEqual(['read by endpoint', 'loaded meter'])
})

it('a device that was another shard’s brings what it had under way', () => {
  const { keep, load, turn, hear, takeHappened } = world()
  keep(7, 2)
  keep(8)
  for (const deviceId of [7, 8]) load({ by: 'id', deviceId })
  turn()
  takeHappened()
  hear({ granted: [1, 2].map((no) => ({ no, isMoved: true })) })
  expect(takeHappened()).toEqual(['read by id', 'loaded device-7', 'recover 7', 'read by id', 'loaded device-8'])
})

it('a device the house wants back is claimed anew: while it is busy, and after it was let go of', () => {
  const { told, busy, keep, load, turn, hear, takeHappened } = world()
  const key = { by: 'id', deviceId: 7 } as const
  keep(7)
  load(key)
  turn()
  hear({ taken: 1, granted: [{ no: 1, isMoved: false }] })
  busy.add('device-7')
  hear({ release: ['device-7'] })
  load(key)
  turn()
  expect(told.at(-1)).toMatchObject({ claims: [{ no: 2, endpoint: 'device-7' }], released: [] })

  busy.clear()
  hear({ taken: 1 })
  expect(told.at(-1)).toMatchObject({ claims: [], released: ['device-7'] })
  takeHappened()
  hear({ taken: 1, granted: [{ no: 2, isMoved: true }] })
  expect(takeHappened()).toEqual(['read by id', 'loaded device-7'])
})
