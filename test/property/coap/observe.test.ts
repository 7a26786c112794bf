/**
 * The order of notifications under any reordering (RFC 7641 §3.4): a client that follows the rule ends
 * with the newest state it was sent, and never goes back while the server keeps its pace.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../src/base/time.ts'
import { isNewer, nextSequence, type SeenNotification } from '../../../src/coap/observe.ts'

const start = 1_700_000_000_000

describe('the order of notifications', () => {
  it('is kept under any reordering within the window, wherever the sequence wraps (RFC 7641 §3.4)', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 24 - 1),
        fc.array(fc.record({ step: fc.integer({ min: 1, max: 1000 }), delay: fc.integer({ min: 0, max: 120_000 }) }), {
          minLength: 1,
          maxLength: 30,
        }),
        (first, notifications) => {
          let sequence = first
          // Each is sent a second after the one before, and arrives whenever
          const sent = notifications.map(({ step, delay }, order) => {
            sequence = (sequence + step) % 2 ** 24
            return { sequence, order, at: start + 1000 * order + delay }
          })
          const arrivals = sent.toSorted((a, b) => a.at - b.at || a.order - b.order)
          let last: (SeenNotification & { order: number }) | undefined
          const wentBack: number[] = []
          for (const { sequence: came, order, at } of arrivals) {
            const now = instantOf(at)
            if (last !== undefined && !isNewer(last, now, came)) continue
            // Within 128 s of the last accepted one nothing older is taken
            if (last !== undefined && at - last.at <= 128_000 && order < last.order) wentBack.push(order)
            last = { sequence: came, at: now, order }
          }
          expect(wentBack).toEqual([])
          const isWithinWindow = arrivals.at(-1)!.at - arrivals[0]!.at <= 128_000
          expect(last!.order === sent.length - 1 || !isWithinWindow).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('of two numbers less than 2^23 apart one is newer, and not the other (RFC 7641 §3.4)', () => {
    const at = instantOf(start)
    fc.assert(
      fc.property(
        fc.nat(2 ** 24 - 1),
        fc.integer({ min: 1, max: 2 ** 23 - 1 }),
        fc.nat(128_000),
        (a, distance, later) => {
          const b = (a + distance) % 2 ** 24
          const now = instantOf(start + later)
          expect(isNewer({ sequence: a, at }, now, b)).toBe(true)
          expect(isNewer({ sequence: b, at }, now, a)).toBe(false)
          expect(isNewer({ sequence: a, at }, now, a)).toBe(false)
          expect(isNewer({ sequence: a, at }, now, nextSequence(a))).toBe(true)
        },
      ),
    )
  })
})
