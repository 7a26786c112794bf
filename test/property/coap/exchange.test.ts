/**
 * Two endpoints over a network that loses, doubles, delays and reorders, against the one promise an
 * exchange makes: executed at most once, exactly one outcome, and a response only for what was executed.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { CoapWorld, otherPeer } from '../../support/coap-world.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const badNetwork = fc.record({
  loss: fc.constantFrom(0, 0.1, 0.3, 0.6),
  duplication: fc.constantFrom(0, 0.2, 0.8),
  delay: fc.constantFrom(0, 500, 4000, 30_000),
})

/** What one request of the model came to. */
interface Modelled {
  executions: number
  outcome: string | undefined
  answer: string | undefined
}

describe('an exchange', () => {
  it('executes at most once and ends exactly once, whatever the network does (RFC 7252 §4.2, §4.5)', () => {
    fc.assert(
      fc.property(
        seeds,
        badNetwork,
        fc.array(
          fc.record({
            startsAfter: fc.integer({ min: 0, max: 60_000 }),
            confirmable: fc.boolean(),
            /** -1: never, 0: at once. */
            answersAfter: fc.constantFrom(-1, 0, 0, 100, 1400, 3000, 40_000),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        fc.integer({ min: 1, max: 4 }),
        (seed, faults, plans, nstart) => {
          const model: Modelled[] = plans.map(() => ({ executions: 0, outcome: undefined, answer: undefined }))
          const byRequest = new Map<number, number>()
          const world: CoapWorld = new CoapWorld(
            seed,
            faults,
            {
              server: {
                request(now, request, node) {
                  const index = Number(request.query[0])
                  model[index]!.executions++
                  const { answersAfter } = plans[index]!
                  const answer = { code: response.changed, payload: Uint8Array.of(index) }
                  const { exchange } = request
                  if (answersAfter === 0) node.endpoint.respond(now, exchange, answer)
                  if (answersAfter > 0) {
                    world.after(answersAfter, () => node.endpoint.respond(world.now, exchange, answer))
                  }
                },
              },
              client: {
                outcome(_now, id, outcome) {
                  const modelled = model[byRequest.get(id)!]!
                  modelled.outcome = outcome.outcome
                  if (outcome.outcome === 'response') modelled.answer = String(outcome.response.payload[0])
                },
              },
            },
            { nstart },
          )
          for (const [index, plan] of plans.entries()) {
            world.after(plan.startsAfter, () => {
              const request = { code: method.post, path: ['x'], query: [String(index)], confirmable: plan.confirmable }
              const ticket = world.client.endpoint.prepare(world.now, otherPeer, request)
              byRequest.set(ticket.id, index)
              world.client.endpoint.transmit(world.now, ticket.id)
            })
          }
          world.run()
          for (const [index, { executions, outcome, answer }] of model.entries()) {
            expect(executions).toBeLessThanOrEqual(1)
            expect(['response', 'timeout']).toContain(outcome)
            if (outcome === 'response') expect({ executions, answer }).toEqual({ executions: 1, answer: String(index) })
            const { answersAfter } = plans[index]!
            const isQuiet = faults.loss === 0 && faults.delay < 4000 && answersAfter >= 0
            if (isQuiet) expect(outcome).toBe('response')
          }
          expect(world.leftovers()).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })

  it('has at most NSTART requests under way (RFC 7252 §4.7)', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 }), (seed, nstart, count) => {
        let underWay = 0
        let most = 0
        const world: CoapWorld = new CoapWorld(
          seed,
          { loss: 0.2, duplication: 0, delay: 500 },
          {
            server: {
              request(now, request, node) {
                underWay++
                most = Math.max(most, underWay)
                node.endpoint.respond(now, request.exchange, { code: response.changed })
              },
            },
            client: { outcome: () => void underWay-- },
          },
          { nstart },
        )
        for (let i = 0; i < count; i++)
          world.client.endpoint.request(world.now, otherPeer, { code: method.post, path: [] })
        world.run()
        expect(most).toBeLessThanOrEqual(nstart)
        expect(world.client.outcomes.size).toBe(count)
        expect(world.leftovers()).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('sends nothing at or after the end of the awake window, and says asleep (RFC 7252 §4.2)', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 1, max: 5 }), (seed, window, count) => {
        const sentAt: number[] = []
        const world: CoapWorld = new CoapWorld(seed, { loss: 1, duplication: 0, delay: 0 }, {}, { nstart: 2 })
        const carry = world.carry.bind(world)
        world.carry = (from, bytes) => {
          sentAt.push(world.now)
          carry(from, bytes)
        }
        const notAfter = (world.now + window) as typeof world.now
        for (let i = 0; i < count; i++) {
          world.client.endpoint.request(world.now, otherPeer, { code: method.get, path: [], notAfter })
        }
        world.run()
        for (const at of sentAt) expect(at).toBeLessThan(notAfter)
        expect([...world.client.outcomes.values()]).toEqual(new Array(count).fill('asleep'))
        expect(world.leftovers()).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
