/**
 * The order of notifications under any reordering (RFC 7641 §3.4): a client that follows the rule ends
 * with the newest state it was sent, and never goes back while the server keeps its pace.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf, type Instant } from '../../../src/base/time.ts'
import { isNewer, nextSequence, type SeenNotification } from '../../../src/coap/observe.ts'
import type { OutboundResponse } from '../../../src/coap/types.ts'
import { CoapWorld, otherPeer } from '../../support/coap-world.ts'

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

describe('an observed resource', () => {
  it('reaches its observer in its last state, over any network that lets something through (RFC 7641 §1.3)', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31),
        fc.record({
          loss: fc.constantFrom(0, 0.1, 0.3),
          duplication: fc.constantFrom(0, 0.3),
          delay: fc.constantFrom(0, 2000),
        }),
        fc.array(fc.record({ after: fc.nat(20_000), confirmable: fc.boolean() }), { minLength: 1, maxLength: 15 }),
        (seed, faults, changes) => {
          const token = Uint8Array.of(0xaa)
          let state = 0
          let seen: (SeenNotification & { state: number }) | undefined
          const take = (now: Instant, sequence: number | undefined, value: number): void => {
            if (sequence === undefined || (seen !== undefined && !isNewer(seen, now, sequence))) return
            seen = { sequence, at: now, state: value }
          }
          const ended: string[] = []
          const answer = (): OutboundResponse => ({ code: 69, observe: state, payload: Uint8Array.of(state) })
          const world: CoapWorld = new CoapWorld(seed, faults, {
            server: {
              request: (now, { exchange }, node) => node.endpoint.respond(now, exchange, answer()),
              notified: (outcome) => void (outcome === 'acknowledged' || ended.push(outcome)),
            },
            client: {
              outcome: (now, _id, outcome) => {
                if (outcome.outcome !== 'response') return
                take(now, outcome.response.options.uint(6), outcome.response.payload[0]!)
              },
              notification: (now, { exchange, sequence, payload }, node) => {
                take(now, sequence, payload[0]!)
                node.endpoint.acknowledge(now, exchange)
              },
            },
          })
          world.client.endpoint.request(world.now, otherPeer, { code: 1, path: ['obs'], observe: 0, token })
          world.run(200_000)
          const isObserved = world.server.endpoint.isObserver(otherPeer, token)
          for (const [i, { after, confirmable }] of changes.entries()) {
            world.run(after)
            state++
            // The last one asks for an ACK, so that it arrives if anything does
            const isLast = i === changes.length - 1
            world.server.endpoint.notify(world.now, otherPeer, token, answer(), { confirmable: confirmable || isLast })
          }
          world.run(200_000)
          if (isObserved && ended.length === 0) expect(seen?.state).toBe(state)
          world.client.endpoint.forget(world.now, otherPeer)
          world.server.endpoint.forget(world.now, otherPeer)
          world.run()
          expect(world.leftovers()).toEqual([])
        },
      ),
      { numRuns: 100 },
    )
  })
})
