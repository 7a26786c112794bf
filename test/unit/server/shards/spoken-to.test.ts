/** Whom a shard speaks to the others know before anything is sent, and the one who spoke last is the one who hears. */
import { expect, it } from 'vitest'
import { SpokenTo } from '../../../../src/server/shards/spoken-to.ts'

/** Peers are at 192.0.2.1, each at the port that is its path. */
const transport = { addressOf: (path: number) => ({ address: '192.0.2.1', port: path }) }
const peer = (port: number) => ({ address: '192.0.2.1', port })

const shards = (listener: 'plain' | 'secured' = 'plain', memory = SpokenTo.memory()) =>
  [0, 1, 2].map((shard) => new SpokenTo(memory, shard, listener))

it('is known to every shard at once', () => {
  const [first, second, third] = shards()
  second!.note(peer(5683))
  expect([first, second, third].map((shard) => shard!.ownerOf(5683, transport))).toEqual([1, 1, 1])
  expect(first!.ownerOf(5684, transport)).toBeUndefined()
})

it('is whoever spoke last, of which each listener has its own', () => {
  const memory = SpokenTo.memory()
  const [first, second] = shards('plain', memory)
  const [secured] = shards('secured', memory)
  second!.note(peer(1))
  expect([first!.ownerOf(1, transport), secured!.ownerOf(1, transport)]).toEqual([1, undefined])
  first!.note(peer(1))
  expect(second!.ownerOf(1, transport)).toBe(0)
})

it('answers make the one who gives them the owner, of peers somebody had spoken to and of no others', () => {
  const [first, second] = shards()
  second!.note(peer(1))
  for (const path of [1, 2]) first!.answered(path, transport)
  expect([1, 2].map((path) => second!.ownerOf(path, transport))).toEqual([0, undefined])
})

it('keeps ten thousand peers, and of more than it has room for those spoken to last', () => {
  const [first, second] = shards()
  const known = (from: number, to: number): number =>
    Array.from({ length: to - from }, (_, i) => second!.ownerOf(from + i, transport)).filter((owner) => owner === 0)
      .length
  for (let port = 1; port <= 10_000; port++) first!.note(peer(port))
  expect(known(1, 10_001)).toBe(10_000)
  for (let round = 0; round < 9; round++) {
    for (let port = 1; port <= 10_000; port++) second!.note({ address: `192.0.2.${round + 2}`, port })
  }
  first!.note(peer(20_000))
  expect(second!.ownerOf(20_000, transport)).toBe(0)
  expect(known(1, 10_001)).toBeLessThan(6_000)
})
