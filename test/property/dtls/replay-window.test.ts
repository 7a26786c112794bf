import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReplayWindow } from '../../../src/dtls/replay-window.ts'

/** The window as RFC 6347 §4.1.2.6 tells it: a set, and how far back it goes. */
class Model {
  edge = -1
  readonly seen = new Set<number>()

  isFresh(sequence: number): boolean {
    return sequence > this.edge - 64 && !this.seen.has(sequence)
  }

  mark(sequence: number): void {
    this.seen.add(sequence)
    this.edge = Math.max(this.edge, sequence)
  }
}

const sequences = fc.oneof(fc.nat(200), fc.integer({ min: 2 ** 32 - 70, max: 2 ** 32 + 70 }), fc.nat(2 ** 31 - 1))

describe('the replay window', () => {
  it('agrees with a set of everything seen', () => {
    fc.assert(
      fc.property(fc.array(sequences, { maxLength: 200 }), (numbers) => {
        const window = new ReplayWindow()
        const model = new Model()
        for (const number of numbers) {
          expect(window.isFresh(number)).toBe(model.isFresh(number))
          if (!model.isFresh(number)) continue
          const isNewest = number > model.edge
          expect(window.mark(number)).toBe(isNewest)
          model.mark(number)
        }
      }),
    )
  })

  it('is the same after a trip to the store, and merging forgets nothing', () => {
    fc.assert(
      fc.property(fc.array(sequences, { maxLength: 100 }), fc.array(sequences, { maxLength: 100 }), (first, second) => {
        const [a, b] = [first, second].map((numbers) => {
          const window = new ReplayWindow()
          for (const number of numbers) if (window.isFresh(number)) window.mark(number)
          return window
        }) as [ReplayWindow, ReplayWindow]
        const copy = new ReplayWindow()
        copy.merge(a.value())
        expect(copy.value()).toEqual(a.value())
        a.merge(b.value())
        for (const number of [...first, ...second]) expect(a.isFresh(number)).toBe(false)
      }),
    )
  })
})
