/** The handshakes people look at: newest first, bounded, failures apart from what went well. */
import { describe, expect, it } from 'vitest'
import { milliseconds } from '../../../src/base/time.ts'
import { HandshakesService } from '../../../src/fleet/handshakes/service.ts'
import type { Handshake } from '../../../src/fleet/handshakes/types.ts'
import { at } from './fixtures.ts'

const handshake = (n: number, fault?: string): Omit<Handshake, 'id'> => ({
  at: at(n),
  address: '192.0.2.1',
  port: n,
  outcome: fault === undefined ? 'completed' : 'failed',
  resumed: false,
  duration: milliseconds(5),
  retransmissions: 0,
  ...(fault === undefined ? {} : { fault, reason: fault }),
})

function logOf(kept: number, ...faults: (string | undefined)[]): HandshakesService {
  const log = new HandshakesService({ 'handshakes.kept': kept })
  for (const [n, fault] of faults.entries()) log.add(handshake(n + 1, fault))
  return log
}
const ports = (handshakes: readonly Handshake[]): number[] => handshakes.map(({ port }) => port)

describe('the log of handshakes', () => {
  it('shows the newest first, all or those of one outcome', () => {
    const log = logOf(10, undefined, 'finished-unreadable', undefined, 'no-common-suite')
    expect(ports(log.list({}, 99))).toEqual([4, 3, 2, 1])
    expect(ports(log.list({ failed: true }, 99))).toEqual([4, 2])
    expect(ports(log.list({ failed: false }, 99))).toEqual([3, 1])
    expect(ports(log.list({}, 2))).toEqual([4, 3])
    expect(log.list({}, 1)[0]?.id).toBe(4)
  })

  it('counts all, also those it no longer keeps', () => {
    const log = logOf(2, 'a', 'a', 'a', 'b', undefined)
    expect(log.counts()).toEqual({ completed: 1, failed: 4, faults: { a: 3, b: 1 } })
    expect(ports(log.list({}, 99))).toEqual([5, 4, 3])
  })

  it('keeps what went well though strangers fail for ever', () => {
    const log = logOf(3, undefined, ...Array<string>(1000).fill('flight-unanswered'))
    expect(ports(log.list({ failed: false }, 99))).toEqual([1])
    expect(log.list({ failed: true }, 9999)).toHaveLength(3)
  })

  it('shows what is about to fail at once, until it is over', () => {
    const log = logOf(3, undefined)
    const failing = { ...handshake(7, 'finished-unreadable'), outcome: 'failing' } as const
    log.add(failing)
    expect(log.list({ failed: true }, 9)).toMatchObject([{ port: 7, outcome: 'failing' }])
    expect([ports(log.list({}, 9)), ports(log.list({ failed: false }, 9))]).toEqual([[7, 1], [1]])
    expect(log.counts()).toEqual({ completed: 1, failed: 0, faults: {} })
    log.add(handshake(7, 'finished-unreadable'))
    log.add({ ...failing, port: 8 })
    log.add(handshake(8))
    expect(log.list({ failed: true }, 9)).toMatchObject([{ port: 7, outcome: 'failed' }])
    for (let port = 100; port < 200; port++) log.add({ ...failing, port })
    expect(log.list({ failed: true }, 9999)).toHaveLength(4)
  })

  it('keeps none where the knob says so', () => {
    const log = logOf(0, undefined, 'a')
    expect([log.list({}, 9), log.counts().failed]).toEqual([[], 1])
  })
})
