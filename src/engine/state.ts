/**
 * What a device actor knows durably, and the shape of its transitions:
 * `plan(state, input, now) → { next, ops, effects }`. Nothing here is applied before it is committed.
 */
import { hexOf, utf8, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { instantOf, type Instant } from '../base/time.ts'
import type { ExchangeId, OutboundResponse, Peer, RequestId } from '../coap/types.ts'
import type { Configuration, ConfigurationObserver } from '../fleet/configuration/types.ts'
import type { EventKind, FleetEvent } from '../fleet/events/types.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { Observation } from '../fleet/observations/types.ts'
import type { Operation } from '../fleet/operations/types.ts'
import type { Learned } from '../fleet/registry/learned.ts'
import { exampleLimit } from '../fleet/registry/quirks.ts'
import type { Device, EndpointName, Registration, VouchedFor } from '../fleet/registry/types.ts'
import type { DeviceSnapshot, StoreOp } from '../fleet/store.ts'
import { noWakeSamples, type WakeSamples } from '../lwm2m/queue-mode.ts'
import type { CommandReply, UplinkInput } from './inputs.ts'
import type { Sequences, Share } from './ports.ts'

export interface DeviceState {
  readonly endpoint: EndpointName
  /** Absent while nobody has registered or created the device. */
  readonly device: Device | undefined
  readonly registration: Registration | undefined
  /** Queued and sent ones, in the order they are to be sent. */
  readonly operations: readonly Operation[]
  readonly observations: readonly Observation[]
  /** The one that is not finished. */
  readonly update: FirmwareUpdate | undefined
  readonly configuration: Configuration | undefined
  /** When it last changed, one that was taken away since included: what comes is later. */
  readonly configuredAt: Instant
  /** Who observes it, the oldest first. */
  readonly configurationObservers: readonly ConfigurationObserver[]
  /** As of now; what is stored of it stands in the device and may be older. */
  readonly wake: WakeSamples
  /** When the device's last wake began, as far as known. */
  readonly wokeAt: Instant | undefined
  /** What a credential says of it, while it is not known yet. */
  readonly vouched: VouchedFor | undefined
  /** When somebody else last tried to take its name; told once an hour. */
  readonly rivalAt: Instant | undefined
}

/** One for all: most devices have nothing going on. */
const none: readonly never[] = []

export function stateOf(
  endpoint: EndpointName,
  snapshot: DeviceSnapshot | undefined,
  vouched?: VouchedFor,
): DeviceState {
  return {
    endpoint,
    device: snapshot?.device,
    registration: snapshot?.registration,
    operations: snapshot?.operations ?? none,
    observations: snapshot?.observations ?? none,
    update: snapshot?.update,
    configuration: snapshot?.configuration,
    configuredAt: configuredAt(snapshot),
    configurationObservers: snapshot?.configurationObservers ?? none,
    wake: snapshot?.device.learned?.wake ?? noWakeSamples,
    wokeAt: snapshot?.device.lastSeen,
    vouched,
    rivalAt: undefined,
  }
}

/** As far as the store tells: by a configuration there is, or by what observers were told of. */
function configuredAt(snapshot: DeviceSnapshot | undefined): Instant {
  const known = (snapshot?.configurationObservers ?? []).map(({ toldAt }) => toldAt)
  return instantOf(Math.max(0, snapshot?.configuration?.changedAt ?? 0, ...known))
}

/** Carried out in order once the ops are durable; never before, never after a failed commit. */
export type Effect =
  | { readonly effect: 'respond'; readonly exchange: ExchangeId; readonly response: OutboundResponse }
  | { readonly effect: 'acknowledge'; readonly exchange: ExchangeId }
  | { readonly effect: 'reject'; readonly exchange: ExchangeId }
  /** A notification that came with its first block only: get the others, then it is an input again. */
  | {
      readonly effect: 'fetch-rest'
      readonly exchange: ExchangeId
      readonly observation: Observation
      readonly input: Extract<UplinkInput, { input: 'notification' }>
    }
  | { readonly effect: 'transmit'; readonly request: RequestId }
  | { readonly effect: 'reply'; readonly reply: CommandReply; readonly result: unknown }
  | { readonly effect: 'refuse'; readonly reply: CommandReply; readonly error: Error }
  /** Somebody spoke for the device by nothing but its own word: of its wake nobody else learns. */
  | { readonly effect: 'claimed'; readonly peer: Peer }
  /** An authenticated uplink: the device is awake, and heard on this peer from now on. */
  | { readonly effect: 'heard'; readonly peer: Peer }

export interface Plan {
  readonly next: DeviceState
  readonly ops: readonly StoreOp[]
  readonly effects: readonly Effect[]
}

/** A plan under construction; the planners of one input add to it in turn. */
export class Draft {
  next: DeviceState
  readonly ops: StoreOp[] = []
  readonly effects: Effect[] = []
  readonly now: Instant
  readonly cause: string
  readonly #before: DeviceState
  readonly #ids: Ids

  constructor(state: DeviceState, now: Instant, cause: string, ids: Ids) {
    this.next = state
    this.now = now
    this.cause = cause
    this.#before = state
    this.#ids = ids
  }

  /** Back to where it began: nothing of the plan happens. */
  abandon(): void {
    this.next = this.#before
    this.ops.length = 0
    this.effects.length = 0
  }

  change(part: Partial<DeviceState>): void {
    // Copied once: what the actor has is true until the commit.
    if (this.next === this.#before) this.next = { ...this.#before }
    Object.assign(this.next, part)
  }

  nextId(of: keyof Sequences): number {
    return this.#ids.take(of)
  }

  newToken(): string {
    return this.#ids.token()
  }

  /** The device itself was heard; written along with what that led to. */
  see(): void {
    const device = this.next.device
    if (device === undefined) return
    this.change({ device: { ...device, lastSeen: this.now } })
    this.ops.push({ op: 'device.seen', deviceId: device.id, at: this.now })
  }

  /** What this input has shown of the device; kept with the other changes of the plan. */
  learn(part: Learned): void {
    this.relearn({ ...this.next.device?.learned, ...part })
  }

  /** In place of all that was learned before. */
  relearn(learned: Learned): void {
    const device = this.next.device
    if (device === undefined) return
    this.change({ device: { ...device, learned } })
    this.ops.push({ op: 'device.learned', deviceId: device.id, learned })
  }

  /** Each deviation of a device is written down once, with what it sent (ARCHITECTURE §1.4). */
  quirks(names: readonly string[], sent: Bytes | string = ''): void {
    if (names.length === 0) return
    const device = this.next.device
    if (device === undefined) return
    const known = device.quirks ?? []
    const fresh = names.filter((name) => known.every((quirk) => quirk.name !== name))
    if (fresh.length === 0) return
    const octets = typeof sent === 'string' ? utf8(sent) : sent
    const example = octets.length === 0 ? {} : { example: hexOf(octets.subarray(0, exampleLimit)) }
    const seen = fresh.map((name) => ({ name, at: this.now, ...example }))
    const next = { ...device, quirks: [...known, ...seen] }
    this.change({ device: next })
    this.ops.push({ op: 'device.put', device: next })
    for (const quirk of fresh) this.event('quirk', { quirk, ...example })
  }

  event(kind: EventKind, detail: FleetEvent['detail'] = {}): void {
    const { device, endpoint } = this.next
    const { now: at, cause } = this
    const id = this.#ids.take('eventId')
    const event: FleetEvent =
      device === undefined
        ? { id, at, kind, endpoint, cause, detail }
        : { id, at, kind, deviceId: device.id, endpoint, cause, detail }
    this.ops.push({ op: 'event.append', event })
  }
}

/** Ids that are never given twice (a failed commit leaves a gap, which is harmless) and tokens nobody guesses. */
export class Ids {
  readonly #last: { -readonly [K in keyof Sequences]: number }
  readonly #random: Random
  readonly #share: Share

  constructor(start: Sequences, random: Random, share: Share = { index: 0, count: 1 }) {
    this.#last = { ...start }
    this.#random = random
    this.#share = share
  }

  /** The next one of our share: ids of engines over one store never meet. */
  take(of: keyof Sequences): number {
    const { index, count } = this.#share
    const next = this.#last[of] + 1
    const id = next + ((((index - next) % count) + count) % count)
    this.#last[of] = id
    return id
  }

  /** What another engine has given is not passed again: later ids of one device are higher ones. */
  pass(of: keyof Sequences, id: number): void {
    this.#last[of] = Math.max(this.#last[of], id)
  }

  /** Hex, as long as a token can be (RFC 7252 §3): nobody off the path guesses it (RFC 7252 §5.3.1). */
  token(): string {
    return hexOf(this.#random.bytes(8))
  }
}
