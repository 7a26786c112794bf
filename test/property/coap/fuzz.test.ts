/**
 * A million random and a million mutated datagrams through the whole endpoint: no throw, every table
 * within its limits, the heap flat, and nothing left in the end. FUZZ_DATAGRAMS asks for more of each.
 */
import { describe, expect, it } from 'vitest'
import { CoapFuzz } from '../../support/coap-fuzz.ts'

const datagrams = Number(process.env['FUZZ_DATAGRAMS'] ?? 1_000_000)

/** Heap in use after a collection, octets. Buffers outside it have their handles in it. */
function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

describe.each([
  ['random', 11],
  ['mutated', 12],
] as const)('%s datagrams', (kind, seed) => {
  it(
    `leave the endpoint whole: no throw, tables within limits, heap flat (${datagrams} of them)`,
    { timeout: Math.max(60_000, datagrams / 20) },
    () => {
      const fuzz = new CoapFuzz(seed)
      const rounds = 10
      const heaps: number[] = []
      for (let round = 0; round < rounds; round++) {
        fuzz.rain(datagrams / rounds, kind)
        const sizes = fuzz.endpoint.sizes()
        expect(sizes['peers']).toBeLessThanOrEqual(160)
        expect(sizes['dedup']).toBeLessThanOrEqual(5000)
        expect(sizes['answers']).toBeLessThanOrEqual(5000)
        expect(sizes['exchanges']).toBeLessThanOrEqual(60 * 64)
        expect(sizes['incomingBodies']).toBeLessThanOrEqual(60 * 4)
        expect(sizes['servedBodies']).toBeLessThanOrEqual(60 * 4)
        expect(sizes['bodyOctets']).toBeLessThanOrEqual(1_048_576)
        expect(sizes['observers']).toBeLessThanOrEqual(200)
        expect(sizes['deadlines']).toBeLessThanOrEqual(10_000)
        heaps.push(heap())
      }
      // The floor of the second half is the floor of the first; peaks are memory not yet collected
      const grown = Math.min(...heaps.slice(rounds / 2)) - Math.min(...heaps.slice(0, rounds / 2))
      expect(grown).toBeLessThan(1_000_000)
      fuzz.dryUp()
      const left = Object.entries(fuzz.endpoint.sizes()).filter(([, size]) => size !== 0)
      expect(left).toEqual([])
    },
  )
})
