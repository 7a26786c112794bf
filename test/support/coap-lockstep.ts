/**
 * A scripted raw peer against one endpoint, in virtual time: the test says what the peer sends and what
 * must come back, line by line. Everything that was sent and not expected is a failure, and `leftovers`
 * says which table is not empty once all lifetimes are over. The slab of a datagram is overwritten after
 * the call that delivered it, so that nothing can live on in it by accident.
 */
import assert from 'node:assert/strict'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, never, type Instant } from '../../src/base/time.ts'
import { profiles, type Profile } from '../../src/config/profiles.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import type {
  CoapSink,
  InboundNotification,
  InboundRequest,
  OutboundRequest,
  OutboundResponse,
  Peer,
  PeerStanding,
  RequestOutcome,
  RequestTicket,
} from '../../src/coap/types.ts'
import { assertMessage, datagramOf, lineOf, type Bindings } from './coap-notation.ts'

export interface SeenRequest {
  readonly exchange: number
  readonly peer: Peer
  readonly code: number
  readonly path: string
  readonly query: readonly string[]
  readonly payload: Uint8Array
  readonly fresh: boolean
}

export interface SeenNotification {
  readonly exchange: number
  readonly code: number
  readonly token: Uint8Array
  readonly sequence: number | undefined
  readonly payload: Uint8Array
  readonly more: boolean
}

/** What a request of ours came to, copied out of the views. */
export type SeenOutcome =
  | {
      outcome: 'response'
      code: number
      payload: Uint8Array
      etag: Uint8Array | undefined
      observe: number | undefined
    }
  | Exclude<RequestOutcome, { outcome: 'response' }>

export interface LockstepOptions {
  readonly profile?: Partial<Profile>
  readonly settings?: Partial<Settings>
  readonly standing?: PeerStanding
  /** Answers a request during the call; undefined leaves it open. */
  readonly handler?: (request: SeenRequest, inbound: InboundRequest) => OutboundResponse | undefined
  readonly onNotification?: (notification: SeenNotification) => void
  readonly seed?: number
}

/** Long enough for every lifetime of every profile, and for confirmations once a day. */
const allLifetimes = 4 * 24 * 3_600_000

export class Lockstep {
  now: Instant = instantOf(1_700_000_000_000)
  /** May be replaced while exchanges are open. */
  profile: Profile
  readonly endpoint: CoapEndpoint
  readonly requests: SeenRequest[] = []
  readonly notifications: SeenNotification[] = []
  readonly outcomes: { id: number; outcome: SeenOutcome }[] = []
  readonly notified: string[] = []
  /** Octets the peer has taken of a body of ours, block by block. */
  readonly uploaded: number[] = []
  /** Datagrams sent and not yet expected. */
  readonly sent: { peer: Peer; bytes: Uint8Array; at: Instant }[] = []
  readonly #bindings: Bindings = new Map()

  constructor(options: LockstepOptions = {}) {
    this.profile = { ...profiles.ip, ...options.profile }
    const sink: CoapSink = {
      send: (now, peer, buffer, start, end) => {
        this.sent.push({ peer, bytes: buffer.slice(start, end), at: now })
      },
      request: (now, inbound) => {
        const request = seenRequest(inbound)
        this.requests.push(request)
        const answer = options.handler?.(request, inbound)
        if (answer !== undefined) this.endpoint.respond(now, inbound.exchange, answer)
      },
      notification: (_now, inbound) => {
        const notification = seenNotification(inbound)
        this.notifications.push(notification)
        options.onNotification?.(notification)
      },
      outcome: (_now, id, outcome) => {
        this.outcomes.push({ id, outcome: seenOutcome(outcome) })
      },
      uploaded: (_now, _id, offset) => this.uploaded.push(offset),
      notified: (_now, peer, token, outcome) => {
        this.notified.push(`${peer} ${Array.from(token, (o) => o.toString(16).padStart(2, '0')).join('')} ${outcome}`)
      },
      profileOf: () => this.profile,
      standingOf: () => options.standing ?? 'secured',
    }
    this.endpoint = new CoapEndpoint({
      random: new SeededRandom(options.seed ?? 1),
      settings: { ...defaultSettings, ...options.settings },
      sink,
    })
  }

  /** The peer sends this. */
  send(line: string, peer: Peer = 1): void {
    this.sendBytes(datagramOf(line, this.#bindings), peer)
  }

  sendBytes(bytes: Uint8Array, peer: Peer = 1, multicast = false): void {
    const slab = new Uint8Array(bytes.length + 32).fill(0xa5)
    slab.set(bytes, 16)
    this.endpoint.receive(this.now, peer, slab, 16, 16 + bytes.length, multicast)
    slab.fill(0x5a)
  }

  /** The next datagram sent is this one. */
  expect(line: string, peer: Peer = 1): void {
    const next = this.sent.shift()
    assert.ok(next !== undefined, `nothing was sent, expected ${line}`)
    assertMessage(next.bytes, line, this.#bindings)
    assert.equal(next.peer, peer)
  }

  /** Nothing was sent that no line expected. */
  expectSilence(): void {
    assert.deepEqual(
      this.sent.map(({ bytes }) => lineOf(bytes)),
      [],
    )
  }

  /** The peer sends one line and gets these. */
  exchange(line: string, ...answers: string[]): void {
    this.send(line)
    for (const answer of answers) this.expect(answer)
    this.expectSilence()
  }

  /** Lets milliseconds pass, doing what falls due on the way at its time. */
  advance(milliseconds: number): void {
    const end = instantOf(this.now + milliseconds)
    for (let due = this.endpoint.nextDeadline(); due <= end; due = this.endpoint.nextDeadline()) {
      if (due > this.now) this.now = due
      this.endpoint.expire(this.now)
    }
    this.now = end
  }

  /** Jumps to the next thing that is due; how many milliseconds that took. */
  advanceToDeadline(): number {
    const due = this.endpoint.nextDeadline()
    assert.notEqual(due, never, 'nothing is due')
    const waited = Math.max(0, due - this.now)
    this.advance(waited)
    return waited
  }

  request(request: Partial<OutboundRequest> & { code: number }, peer: Peer = 1): RequestTicket {
    return this.endpoint.request(this.now, peer, { path: [], ...request })
  }

  respond(response: OutboundResponse, index = this.requests.length - 1): void {
    this.endpoint.respond(this.now, this.requests[index]!.exchange, response)
  }

  /** The one outcome there is, taken out. */
  takeOutcome(): SeenOutcome {
    assert.equal(this.outcomes.length, 1, 'outcomes there are')
    return this.outcomes.shift()!.outcome
  }

  bind(name: string, value: Uint8Array): void {
    this.#bindings.set(name, value)
  }

  bound(name: string): Uint8Array {
    return this.#bindings.get(name)!
  }

  unbind(...names: string[]): void {
    for (const name of names) this.#bindings.delete(name)
  }

  /** What is left once every lifetime is over: datagrams nobody expected, and tables that are not empty. */
  leftovers(): string[] {
    const unexpected = this.sent.map(({ bytes }) => lineOf(bytes))
    this.advance(allLifetimes)
    this.sent.length = 0
    const tables = Object.entries(this.endpoint.sizes()).filter(([, size]) => size !== 0)
    const deadline = this.endpoint.nextDeadline() === never ? [] : ['a deadline']
    return [...unexpected, ...tables.map(([table, size]) => `${size} in ${table}`), ...deadline]
  }
}

function seenRequest(inbound: InboundRequest): SeenRequest {
  return {
    exchange: inbound.exchange,
    peer: inbound.peer,
    code: inbound.code,
    path: `/${inbound.path.join('/')}`,
    query: inbound.query,
    payload: inbound.payload.slice(),
    fresh: inbound.fresh,
  }
}

function seenNotification(inbound: InboundNotification): SeenNotification {
  return {
    exchange: inbound.exchange,
    code: inbound.code,
    token: inbound.token.slice(),
    sequence: inbound.sequence,
    payload: inbound.payload.slice(),
    more: inbound.more,
  }
}

function seenOutcome(outcome: RequestOutcome): SeenOutcome {
  if (outcome.outcome !== 'response') return outcome
  const { response } = outcome
  return {
    outcome: 'response',
    code: response.code,
    payload: response.payload.slice(),
    etag: response.options.bytes(4)?.slice(),
    observe: response.options.uint(6),
  }
}
