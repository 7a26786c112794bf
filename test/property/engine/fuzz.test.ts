/**
 * A million random and a million mutated datagrams through the whole engine, with operators at work and
 * a disk that is full now and then: no throw, tables within limits, every command answered, the heap
 * flat. FUZZ_DATAGRAMS asks for more of each.
 */
import { expect, it } from 'vitest'
import { EngineFuzz } from '../../support/engine-fuzz.ts'

const datagrams = Number(process.env['FUZZ_DATAGRAMS'] ?? 500_000)

/** Heap in use after a collection, octets. */
function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

it.each([
  ['random', 21],
  ['mutated', 22],
] as const)('%s datagrams leave the engine whole', { timeout: Math.max(90_000, datagrams / 15) }, (kind, seed) => {
  const fuzz = new EngineFuzz(seed)
  const rounds = 10
  const heaps: number[] = []
  for (let round = 0; round < rounds; round++) {
    fuzz.rain(datagrams / rounds, kind)
    fuzz.tidy()
    const sizes = fuzz.engine.coap.sizes()
    expect(fuzz.engine.actors.size).toBeLessThanOrEqual(200)
    expect(sizes['peers']).toBeLessThanOrEqual(160)
    expect(sizes['dedup']).toBeLessThanOrEqual(2000)
    expect(sizes['bodyOctets']).toBeLessThanOrEqual(1_048_576)
    expect(sizes['observers']).toBeLessThanOrEqual(200)
    expect(sizes['deadlines']).toBeLessThanOrEqual(10_000)
    heaps.push(heap())
  }
  // The floor of the second half is the floor of the first; peaks are memory not yet collected
  const grown = Math.min(...heaps.slice(rounds / 2)) - Math.min(...heaps.slice(0, rounds / 2))
  expect(grown).toBeLessThan(2_000_000)
  // The rain got through to the devices
  if (kind === 'mutated') expect(fuzz.deviceCount()).toBeGreaterThanOrEqual(12)
  fuzz.dryUp()
  expect(fuzz.unanswered).toBe(0)
  expect(fuzz.engine.actors.loadingCount).toBe(0)
})
