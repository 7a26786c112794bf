/** What a shard tells the house is one message a turn, and no more than two that the house has not gone through. */
import { expect, it } from 'vitest'
import { instantOf } from '../../../../src/base/time.ts'
import type { Engine } from '../../../../src/engine/engine.ts'
import { emptyHouseTurn, type ShardTurn } from '../../../../src/server/shards/messages.ts'
import { RemoteDesk } from '../../../../src/server/shards/remote-desk.ts'

const now = instantOf(0)
/** Takes what it is told; a desk asks it for nothing else here. */
const committed: object[] = []
const engine = { committed: (_: unknown, ticket: object) => committed.push(ticket) } as unknown as Engine

it('gathers while the house is busy', () => {
  const told: ShardTurn[] = []
  const desk = new RemoteDesk((turn) => told.push(turn))
  const say = (): void => {
    desk.commit({}, [{ op: 'device.seen', deviceId: 1, at: now }])
    desk.turn(engine, now)
  }
  for (let turn = 0; turn < 5; turn++) say()
  expect(told.map(({ commits }) => commits.length)).toEqual([1, 1])
  expect(desk.isSettled).toBe(false)

  const answered = told.flatMap(({ commits }) => commits.map(({ no }) => no))
  desk.receive(engine, now, { ...emptyHouseTurn(), taken: 2, committed: answered })
  desk.turn(engine, now)
  expect(told.map(({ commits }) => commits.length)).toEqual([1, 1, 3])
  expect(desk.isSettled).toBe(false)

  desk.receive(engine, now, { ...emptyHouseTurn(), taken: 1, committed: told[2]!.commits.map(({ no }) => no) })
  desk.turn(engine, now)
  expect(told).toHaveLength(3)
  expect(desk.isSettled).toBe(true)
  expect(committed).toHaveLength(5)
})
