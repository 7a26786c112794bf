/**
 * The dedup table against a model that keeps plain objects in an array: any sequence of new messages,
 * answers, dismissals and passing time gives the same memory, within its limits, and in the end nothing.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { milliseconds, instantOf, never } from '../../../src/base/time.ts'
import { DedupTable, type DedupOwner } from '../../../src/coap/dedup.ts'
import { MessageIds } from '../../../src/coap/message-ids.ts'

interface Remembered {
  owner: number
  id: number
  expires: number
  arrived: number
  mayEvict: boolean
  state: 'progress' | 'done' | 'spent'
  answer: number[]
}

const command = fc.oneof(
  fc.record({
    do: fc.constant('begin' as const),
    owner: fc.nat(3),
    id: fc.nat(40),
    safe: fc.boolean(),
    life: fc.constantFrom(8192, 40_960),
  }),
  fc.record({
    do: fc.constant('finish' as const),
    owner: fc.nat(3),
    id: fc.nat(40),
    answer: fc.uint8Array({ maxLength: 700 }),
  }),
  fc.record({ do: fc.constant('forget' as const), owner: fc.nat(3), id: fc.nat(40) }),
  fc.record({ do: fc.constant('relax' as const), owner: fc.nat(3), id: fc.nat(40) }),
  fc.record({ do: fc.constant('wait' as const), time: fc.nat(20_000) }),
)

const perPeer = 4
const spentPerPeer = 3
const total = 12

class Model {
  entries: Remembered[] = []

  find(owner: number, id: number): Remembered | undefined {
    return this.entries.find((entry) => entry.owner === owner && entry.id === id)
  }

  drop(entry: Remembered | undefined): void {
    this.entries = this.entries.filter((other) => other !== entry)
  }

  begin(entry: Remembered): boolean {
    const mine = this.entries.filter(({ owner, state }) => owner === entry.owner && state !== 'spent')
    if (mine.length >= perPeer) {
      const evictable = mine.find(({ mayEvict, state }) => mayEvict && state === 'done')
      const oldest = mine.find(({ mayEvict, state }) => !mayEvict && state === 'done')
      const spent = this.entries.filter(({ owner, state }) => owner === entry.owner && state === 'spent')
      if (evictable !== undefined) this.drop(evictable)
      else if (oldest === undefined || spent.length >= spentPerPeer) return false
      else Object.assign(oldest, { state: 'spent', answer: [] })
    }
    if (this.entries.length >= total) {
      const evictable = this.entries
        .filter(({ mayEvict, state }) => mayEvict && state === 'done')
        .toSorted((a, b) => a.arrived - b.arrived)[0]
      if (evictable === undefined) return false
      this.drop(evictable)
    }
    this.entries.push(entry)
    return true
  }
}

const owner = (seed: number): DedupOwner => ({
  dedupSeed: Math.imul(seed, 0x9e3779b9),
  liveHead: 0,
  liveTail: 0,
  liveCount: 0,
  spentHead: 0,
  spentCount: 0,
})

describe('the dedup table', () => {
  it('remembers what a plain model remembers (RFC 7252 §4.5)', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const emptied: DedupOwner[] = []
        const table = new DedupTable({
          perPeer,
          spentPerPeer,
          total,
          abandoned: () => undefined,
          emptied: (of) => void emptied.push(of),
        })
        const owners = [0, 1, 2, 3].map(owner)
        const model = new Model()
        let now = 1e12
        let arrivals = 0
        for (const step of commands) {
          if (step.do === 'wait') {
            now += step.time
            table.expire(instantOf(now))
            model.entries = model.entries.filter(({ expires }) => expires > now)
          } else {
            const known = model.find(step.owner, step.id)
            const entry = table.find(instantOf(now), owners[step.owner]!, step.id)
            expect(entry !== 0).toBe(known !== undefined)
            if (step.do === 'begin' && known === undefined) {
              const remembered: Remembered = {
                owner: step.owner,
                id: step.id,
                expires: now + step.life,
                arrived: arrivals++,
                mayEvict: step.safe,
                state: 'progress',
                answer: [],
              }
              const begun = table.begin(
                instantOf(now),
                owners[step.owner]!,
                step.id,
                step.id,
                milliseconds(step.life),
                step.safe,
              )
              expect(begun !== 0).toBe(model.begin(remembered))
              // Time breaks ties between lines; let it pass
              now += 0.001
            } else if (step.do === 'finish' && known?.state === 'progress') {
              table.finish(entry, step.answer, 0, step.answer.length)
              Object.assign(known, { state: 'done', answer: [...step.answer] })
            } else if (step.do === 'forget' && known !== undefined) {
              table.forget(entry)
              model.drop(known)
            } else if (step.do === 'relax' && known?.state === 'done' && !known.mayEvict) {
              table.relax(entry)
              known.mayEvict = true
              // It joins the end of its line
              known.arrived = arrivals
            }
          }
          expect(table.size).toBe(model.entries.length)
          expect(table.answers).toBe(model.entries.filter(({ answer }) => answer.length > 0).length)
          for (const known of model.entries) {
            const entry = table.find(instantOf(now), owners[known.owner]!, known.id)
            expect(table.isInProgress(entry)).toBe(known.state === 'progress')
            const length = table.answerLength(entry)
            expect(length).toBe(known.answer.length)
            const offset = length === 0 ? 0 : table.answerOffset(entry)
            if (length > 0) expect([...table.answerPage(entry).subarray(offset, offset + length)]).toEqual(known.answer)
          }
        }
        table.expire(never)
        expect([table.size, table.answers, table.nextExpiry()]).toEqual([0, 0, never])
        for (const of of owners) expect([of.liveCount, of.spentCount, of.liveHead, of.spentHead]).toEqual([0, 0, 0, 0])
      }),
      { numRuns: 300 },
    )
  })
})

describe('message ids', () => {
  it('never come twice within their lifetime (RFC 7252 §4.4)', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        fc.array(fc.tuple(fc.nat(9000), fc.nat(100_000)), { maxLength: 25 }),
        (start, bursts) => {
          const lifetime = 247_000
          const ids = new MessageIds(start)
          const usable = new Map<number, number>()
          let now = 1e12
          for (const [count, pause] of bursts) {
            for (let i = 0; i < count; i++) {
              const id = ids.take(instantOf(now), lifetime)
              const before = usable.get(id)
              if (before !== undefined && ids.readyAt - before < lifetime)
                throw new RangeError(`${id} after ${ids.readyAt - before} ms`)
              usable.set(id, ids.readyAt)
            }
            now += pause
          }
          expect(ids.heldUntil).toBeGreaterThanOrEqual(bursts.some(([count]) => count > 0) ? 1e12 + lifetime : 0)
        },
      ),
      { numRuns: 30 },
    )
  })
})
