/** One shard at a time has a device, and the next one gets it only once the last has let go. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Leases } from '../../../../src/server/shards/leases.ts'

function world(limit = 1000) {
  const asked: string[] = []
  const granted: string[] = []
  const leases = new Leases(limit, (owner, endpoint) => asked.push(`${owner} ${endpoint}`))
  const claim = (endpoint: string, shard: number): void =>
    leases.claim(endpoint, shard, (isMoved) => granted.push(`${endpoint} to ${shard}${isMoved ? ', moved' : ''}`))
  return { leases, asked, granted, claim }
}

describe('a lease', () => {
  it('is free for the first who asks, and stays with it', () => {
    const { leases, asked, granted, claim } = world()
    claim('meter', 1)
    claim('meter', 1)
    expect(granted).toEqual(['meter to 1', 'meter to 1'])
    expect(asked).toEqual([])
    expect([leases.ownerOf('meter'), leases.ownerOf('valve')]).toEqual([1, undefined])
  })

  it('goes to another shard once its owner has let go, and the owner is asked once', () => {
    const { leases, asked, granted, claim } = world()
    claim('meter', 0)
    claim('meter', 1)
    claim('meter', 1)
    expect([granted, asked, leases.ownerOf('meter')]).toEqual([['meter to 0'], ['0 meter'], 0])
    leases.released('meter', 0)
    expect(granted.slice(1)).toEqual(['meter to 1, moved', 'meter to 1, moved'])
    expect([asked.length, leases.ownerOf('meter')]).toEqual([1, 1])
  })

  it('is not given to its own owner past somebody who waits: what it asks now it would hold after letting go', () => {
    const { leases, asked, granted, claim } = world()
    claim('meter', 0)
    claim('meter', 1)
    claim('meter', 0)
    expect(granted).toEqual(['meter to 0'])
    leases.released('meter', 0)
    expect([granted.at(-1), asked.at(-1)]).toEqual(['meter to 1, moved', '1 meter'])
    leases.released('meter', 1)
    expect(granted.at(-1)).toBe('meter to 0, moved')
  })

  it('is asked back when there are more than the limit, longest granted first', () => {
    const { leases, asked, claim } = world(2)
    for (const endpoint of ['a', 'b', 'c', 'd']) claim(endpoint, 0)
    expect(asked).toEqual(['0 a', '0 b'])
    leases.released('a', 0)
    leases.released('b', 0)
    expect([leases.size, leases.ownerOf('a')]).toEqual([2, undefined])
  })

  it('called in, is granted again only after it was let go of', () => {
    const { leases, granted, claim } = world(1)
    claim('a', 0)
    claim('b', 0)
    claim('a', 0)
    expect(granted).toEqual(['a to 0', 'b to 0'])
    leases.released('a', 0)
    expect(granted.at(-1)).toBe('a to 0')
  })

  it('let go of by who does not have it is our own bug', () => {
    const { leases, claim } = world()
    claim('meter', 0)
    expect(() => leases.released('meter', 1)).toThrow(/does not have/)
  })
})

it('whatever the order of asking and letting go, nobody is given what another holds, and everybody is served', () => {
  const steps = fc.array(
    fc.record({ endpoint: fc.constantFrom('a', 'b', 'c'), shard: fc.nat({ max: 2 }), isAnswered: fc.boolean() }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 3 }), (run, limit) => {
      const holders = new Map<string, number>()
      const releases: { owner: number; endpoint: string }[] = []
      let open = 0
      const leases = new Leases(limit, (owner, endpoint) => releases.push({ owner, endpoint }))
      const answer = (): void => {
        const { owner, endpoint } = releases.shift()!
        expect(holders.get(endpoint)).toBe(owner)
        holders.delete(endpoint)
        leases.released(endpoint, owner)
      }
      for (const { endpoint, shard, isAnswered } of run) {
        open++
        leases.claim(endpoint, shard, () => {
          open--
          expect(holders.get(endpoint) ?? shard).toBe(shard)
          holders.set(endpoint, shard)
        })
        if (isAnswered && releases.length > 0) answer()
      }
      for (let round = 0; releases.length > 0; round++) {
        expect(round).toBeLessThan(1000)
        answer()
      }
      expect(open).toBe(0)
    }),
  )
})
