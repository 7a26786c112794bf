/**
 * Two endpoints and a bad network between them, in virtual time and from a seed: loss, duplication, delay
 * and hence reordering. Checks after every step what must hold at every moment.
 */
import assert from 'node:assert/strict'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, type Instant } from '../../src/base/time.ts'
import { profiles, type Profile } from '../../src/config/profiles.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import type {
  CoapSink,
  InboundNotification,
  InboundRequest,
  NoticeOutcome,
  RequestOutcome,
} from '../../src/coap/types.ts'
import { lineOf } from './coap-notation.ts'

export interface NetworkFaults {
  /** Of each datagram, 0 to 1. */
  readonly loss: number
  readonly duplication: number
  /** Milliseconds; each datagram takes between 10 and this. */
  readonly delay: number
}

interface UnderWay {
  readonly at: number
  readonly order: number
  readonly to: Node
  readonly bytes: Uint8Array
}

export interface NodeHooks {
  request?(now: Instant, request: InboundRequest, node: Node): void
  notification?(now: Instant, notification: InboundNotification, node: Node): void
  outcome?(now: Instant, id: number, outcome: RequestOutcome, node: Node): void
  notified?(outcome: NoticeOutcome): void
}

/** The one peer each node has. */
export const otherPeer = 1

export class Node {
  readonly endpoint: CoapEndpoint
  readonly outcomes = new Map<number, string>()

  constructor(world: CoapWorld, seed: number, hooks: NodeHooks, profile: Profile, settings: Settings) {
    const sink: CoapSink = {
      send: (_now, _peer, buffer, start, end) => world.carry(this, buffer.slice(start, end)),
      request: (now, request) => hooks.request?.(now, request, this),
      notification: (now, notification) => hooks.notification?.(now, notification, this),
      outcome: (now, id, outcome) => {
        assert.ok(!this.outcomes.has(id), `request ${id} has a second outcome`)
        this.outcomes.set(id, outcome.outcome)
        hooks.outcome?.(now, id, outcome, this)
      },
      notified: (_now, _peer, _token, outcome) => hooks.notified?.(outcome),
      profileOf: () => profile,
    }
    this.endpoint = new CoapEndpoint({ random: new SeededRandom(seed), settings, sink })
  }
}

export class CoapWorld {
  now: Instant = instantOf(1_700_000_000_000)
  readonly client: Node
  readonly server: Node
  /** What was carried, for a failure's message. */
  readonly history: string[] = []
  readonly #random: SeededRandom
  readonly #faults: NetworkFaults
  readonly #underWay: UnderWay[] = []
  readonly #appointments: { at: number; order: number; act: () => void }[] = []
  #order = 0

  constructor(
    seed: number,
    faults: NetworkFaults,
    hooks: { client?: NodeHooks; server?: NodeHooks },
    profile: Partial<Profile> = {},
    settings: Partial<Settings> = {},
  ) {
    this.#random = new SeededRandom(seed)
    this.#faults = faults
    const complete = { ...profiles.ip, ...profile }
    const limits = { ...defaultSettings, ...settings }
    this.client = new Node(this, seed + 1, hooks.client ?? {}, complete, limits)
    this.server = new Node(this, seed + 2, hooks.server ?? {}, complete, limits)
  }

  /** Puts a datagram on its way, or loses it. */
  carry(from: Node, bytes: Uint8Array): void {
    const to = from === this.client ? this.server : this.client
    const copies = this.#random.fraction() < this.#faults.duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const lost = this.#random.fraction() < this.#faults.loss
      const sender = from === this.client ? 'client' : 'server'
      this.history.push(`${this.now % 10_000_000} ${sender} ${lineOf(bytes).slice(0, 100)}${lost ? ' LOST' : ''}`)
      if (lost) continue
      const at = this.now + 10 + this.#random.fraction() * this.#faults.delay
      this.#underWay.push({ at, order: this.#order++, to, bytes })
    }
  }

  /** Does something later. */
  after(milliseconds: number, act: () => void): void {
    this.#appointments.push({ at: this.now + milliseconds, order: this.#order++, act })
  }

  /** Runs until nothing is to come any more or `limit` milliseconds have passed. */
  run(limit = 1e9): void {
    const end = this.now + limit
    for (;;) {
      const deadline = Math.min(this.client.endpoint.nextDeadline(), this.server.endpoint.nextDeadline())
      const arrival = earliest(this.#underWay)
      const appointment = earliest(this.#appointments)
      const next = Math.min(deadline, arrival?.at ?? Infinity, appointment?.at ?? Infinity)
      if (next > end || next === Infinity) break
      this.now = instantOf(Math.max(this.now, next))
      if (arrival !== undefined && arrival.at <= next) {
        this.#underWay.splice(this.#underWay.indexOf(arrival), 1)
        arrival.to.endpoint.receive(this.now, otherPeer, arrival.bytes, 0, arrival.bytes.length)
        arrival.bytes.fill(0xa5)
      } else if (appointment !== undefined && appointment.at <= next) {
        this.#appointments.splice(this.#appointments.indexOf(appointment), 1)
        appointment.act()
      } else {
        this.client.endpoint.expire(this.now)
        this.server.endpoint.expire(this.now)
      }
    }
    this.now = instantOf(Math.max(this.now, end))
  }

  /** Tables that are not empty. */
  leftovers(): string[] {
    return [this.client, this.server].flatMap((node, i) =>
      Object.entries(node.endpoint.sizes())
        .filter(([, size]) => size !== 0)
        .map(([table, size]) => `${i === 0 ? 'client' : 'server'}: ${size} in ${table}`),
    )
  }
}

function earliest<T extends { at: number; order: number }>(items: readonly T[]): T | undefined {
  let first = items[0]
  for (const item of items) {
    if (first === undefined || item.at < first.at || (item.at === first.at && item.order < first.order)) first = item
  }
  return first
}
