/**
 * Bodies in blocks over a bad network, both ways: whole and right, or an honest failure; never mixed,
 * never twice, and no memory left.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exponentOf, sizeOf, sliceFor, blockOf, blockValue } from '../../../src/coap/block.ts'
import { BodyBudget, GrowingBody } from '../../../src/coap/body.ts'
import { method, response } from '../../../src/coap/codes.ts'
import type { BlockSize } from '../../../src/config/profiles.ts'
import { bodySource } from '../../support/body-source.ts'
import { testBody } from '../../support/coap-notation.ts'
import { CoapWorld, otherPeer } from '../../support/coap-world.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const blockSizes = fc.constantFrom<BlockSize[]>(16, 32, 64, 128, 256, 512, 1024)
const network = fc.record({
  loss: fc.constantFrom(0, 0.1, 0.25),
  duplication: fc.constantFrom(0, 0.3),
  delay: fc.constantFrom(0, 300, 2500),
})

describe('block-wise transfer', () => {
  it('brings bodies there and back whole and once, or says that it did not (RFC 7959 §2)', () => {
    fc.assert(
      fc.property(
        seeds,
        network,
        fc.array(fc.tuple(fc.nat(3000), fc.nat(3000), fc.boolean()), { minLength: 1, maxLength: 3 }),
        blockSizes,
        blockSizes,
        fc.option(blockSizes, { nil: undefined }),
        (seed, faults, transfers, firstBlockSize, blockSize, asked) => {
          const executions = new Map<number, number>()
          const byRequest = new Map<number, number>()
          const answers = new Map<number, Uint8Array>()
          const body = (index: number, size: number): Uint8Array => testBody.slice(index * 4000, index * 4000 + size)
          const world: CoapWorld = new CoapWorld(
            seed,
            faults,
            {
              server: {
                request(now, request, node) {
                  const index = Number(request.query[0])
                  const [up, down, immutable] = transfers[index]!
                  if (request.code === method.put) {
                    executions.set(index, (executions.get(index) ?? 0) + 1)
                    expect(request.payload).toEqual(body(index, up))
                  }
                  const payload = body(index + 4, down)
                  const source = bodySource(payload, Uint8Array.of(9))
                  const isGet = request.code === method.get
                  const code = isGet ? response.content : response.changed
                  const answer = immutable && isGet ? { code, body: source } : { code, payload }
                  node.endpoint.respond(now, request.exchange, answer)
                },
              },
              client: {
                outcome(_now, id, outcome) {
                  if (outcome.outcome !== 'response') expect(outcome.outcome).toBe('timeout')
                  // What was kept for later slices had to go: an honest failure
                  else if (outcome.response.code === response.requestEntityIncomplete)
                    expect(faults.loss).toBeGreaterThan(0)
                  else answers.set(byRequest.get(id)!, outcome.response.payload.slice())
                },
              },
            },
            { firstBlockSize, blockSize, nstart: 2 },
          )
          const preference = asked === undefined ? {} : { blockSize: asked }
          for (const [index, [up]] of transfers.entries()) {
            const common = { path: ['b'], query: [String(index)], ...preference }
            const put = { code: method.put, payload: body(index, up), ...common }
            byRequest.set(world.client.endpoint.request(world.now, otherPeer, put).id, index)
            byRequest.set(
              world.client.endpoint.request(world.now, otherPeer, { code: method.get, ...common }).id,
              index + 100,
            )
          }
          world.run()
          for (const [index, [, down]] of transfers.entries()) {
            expect(executions.get(index) ?? 0).toBeLessThanOrEqual(1)
            for (const key of [index, index + 100]) {
              if (faults.loss === 0) expect(answers.has(key)).toBe(true)
              if (answers.has(key)) expect(answers.get(key)).toEqual(body(index + 4, down))
            }
          }
          expect(world.client.outcomes.size).toBe(2 * transfers.length)
          expect(world.leftovers()).toEqual([])
        },
      ),
      { numRuns: 120 },
    )
  })

  it('slices cover a body without gap or overlap at any size asked for (RFC 7959 §2.4)', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(6), fc.nat(6), (size, asked, limit) => {
        let offset = 0
        for (;;) {
          const exponent = offset === 0 ? asked : Math.min(asked, limit)
          const slice = sliceFor(
            size,
            { number: offset / sizeOf(exponent), more: false, sizeExponent: exponent },
            limit,
          )!
          expect(slice.offset).toBe(offset)
          expect(slice.length).toBeLessThanOrEqual(sizeOf(Math.min(asked, limit)))
          expect(slice.number * sizeOf(slice.sizeExponent)).toBe(offset)
          offset += slice.length
          if (!slice.more) break
        }
        expect(offset).toBe(size)
        const beyond = Math.max(1, Math.ceil(size / 16))
        expect(sliceFor(size, { number: beyond, more: false, sizeExponent: 0 }, limit)).toBeUndefined()
        expect(
          sliceFor(size, { number: Math.ceil(size / 16) + 1, more: false, sizeExponent: 0 }, limit),
        ).toBeUndefined()
      }),
    )
  })

  it('block values keep their three parts (RFC 7959 §2.2)', () => {
    fc.assert(
      fc.property(fc.nat(0xfffff), fc.boolean(), fc.nat(7), (number, more, sizeExponent) => {
        expect(blockOf(blockValue(number, more, sizeExponent))).toEqual({ number, more, sizeExponent })
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 100_000 }), (size) => {
        const exponent = exponentOf(size)
        expect(sizeOf(exponent)).toBeLessThanOrEqual(size)
        if (exponent < 6) expect(sizeOf(exponent + 1)).toBeGreaterThan(size)
      }),
    )
  })

  it('a growing body holds what was added, within its limit and the budget', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 40 }),
        fc.nat(3000),
        fc.nat(4000),
        (parts, limit, total) => {
          const budget = new BodyBudget(total)
          const body = new GrowingBody(budget, limit)
          let held: number[] = []
          for (const part of parts) {
            const outcome = body.append(part, 0, part.length)
            if (held.length + part.length > limit) expect(outcome).toBe('over-limit')
            if (outcome === 'added') held = [...held, ...part]
          }
          expect([...body.bytes]).toEqual(held)
          expect(budget.used).toBeLessThanOrEqual(total)
          expect(budget.used).toBeGreaterThanOrEqual(held.length)
          body.release()
          expect(budget.used).toBe(0)
        },
      ),
    )
  })
})
