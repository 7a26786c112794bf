import { describe, expect, it } from 'vitest'
import { heapGrowth } from '../../../src/server/heap.ts'

const mebibyte = 2 ** 20

describe('growth of the heap', () => {
  it.each([
    ['doubles while it is small', 20, 100],
    ['doubles up to the room there is', 64, 100],
    ['grows by that room from there on', 128, 50],
    ['grows by a third at least, however large', 1000, 30],
    ['shares that room with the heaps of other shards', 64, 50, 2],
  ])('%s', (_, live, percent, heaps = 1) => {
    expect(heapGrowth(live * mebibyte, heaps)).toBe(percent)
  })
})
