/**
 * DTLS of all virtual devices: one endpoint of our own in the client role, in which each life of a device is
 * a path (devices themselves want no connection id on records to them, as radio devices do). Carries
 * messages it does not read; what a device does when its association seems lost is its dialect.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Instant } from '../../base/time.ts'
import { profiles, type Profile } from '../../config/profiles.ts'
import type { AssociationId } from '../../dtls/association.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import { DtlsEndpoint } from '../../dtls/endpoint.ts'
import type { ClientTerms } from '../../dtls/handshake/client-offer.ts'
import { defaultDtlsOptions, type DtlsOptions } from '../../dtls/options.ts'
import type { CloseReason, DtlsSink, HandshakeReport, OpenedAssociation } from '../../dtls/sink.ts'
import { Timer, type Timeline } from '../timeline.ts'

/** One life of a device, at both ends of its tunnel. */
export interface TunnelUser {
  readonly terms: ClientTerms
  readonly profile: Profile
  /** A record for the network. */
  transmit(now: Instant, buffer: Bytes, start: number, end: number): void
  /** A message out of a record. */
  deliver(now: Instant, message: Bytes): void
  opened(now: Instant, opened: OpenedAssociation): void
  /** The server ended the association, by an alert. */
  ended(now: Instant, reason: CloseReason): void
  handshakeFailed(now: Instant): void
}

export interface TunnelsOptions {
  readonly timeline: Timeline
  readonly random: Random
  readonly devices: number
  readonly crypto: DtlsCrypto
}

interface Tunnel {
  readonly user: TunnelUser
  /** The one in use. */
  association: AssociationId | undefined
  /** All that are open: one that was given up still hears what comes late. */
  readonly open: Set<AssociationId>
  isConnecting: boolean
  /** Messages that wait for the handshake. */
  readonly waiting: Bytes[]
}

/** Messages kept for the end of a handshake; CoAP repeats what is dropped beyond. */
const waitingLimit = 4

export class Tunnels implements DtlsSink {
  readonly dtls: DtlsEndpoint
  readonly #timeline: Timeline
  readonly #timer: Timer
  readonly #tunnels = new Map<number, Tunnel>()
  readonly #owners = new Map<AssociationId, Tunnel>()

  constructor({ timeline, random, devices, crypto }: TunnelsOptions) {
    this.#timeline = timeline
    this.dtls = new DtlsEndpoint({ options: clientOptions(devices), crypto, random, sink: this })
    this.#timer = new Timer((now) => {
      this.dtls.expire(now)
      this.#arm()
    })
  }

  /** Power on: nothing is remembered. */
  attach(path: number, user: TunnelUser): void {
    this.#tunnels.set(path, { user, association: undefined, open: new Set(), isConnecting: false, waiting: [] })
  }

  /** Power off: its associations are gone, and nobody is told. */
  detach(now: Instant, path: number): void {
    const tunnel = this.#tunnels.get(path)
    if (tunnel === undefined) return
    this.#tunnels.delete(path)
    for (const id of tunnel.open) {
      this.#owners.delete(id)
      this.dtls.close(now, id)
    }
    this.#arm()
  }

  /** A datagram from the network. */
  receive(now: Instant, path: number, datagram: Bytes): void {
    if (!this.#tunnels.has(path)) return
    this.dtls.receive(now, path, datagram, 0, datagram.length)
    this.#arm()
  }

  /** A message for the server, with a handshake first where there is no association. */
  carry(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    const tunnel = this.#tunnels.get(path)
    if (tunnel === undefined) return
    if (tunnel.association !== undefined && this.dtls.send(now, tunnel.association, buffer, start, end)) return
    const message = buffer.slice(start, end)
    if (tunnel.waiting.length < waitingLimit && !tunnel.waiting.some((each) => equalBytes(each, message))) {
      tunnel.waiting.push(message)
    }
    if (!tunnel.isConnecting) {
      tunnel.isConnecting = true
      this.dtls.connect(now, path, tunnel.user.terms)
    }
    this.#arm()
  }

  /** The next message begins with a handshake; false where there was nothing to give up. */
  giveUp(path: number): boolean {
    const tunnel = this.#tunnels.get(path)
    if (tunnel?.association === undefined) return false
    tunnel.association = undefined
    return true
  }

  // ——— what the endpoint tells us ———

  send(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    this.#tunnels.get(path)?.user.transmit(now, buffer, start, end)
  }

  opened(now: Instant, opened: OpenedAssociation): void {
    const tunnel = this.#tunnels.get(opened.path)
    if (tunnel === undefined) return
    tunnel.association = opened.id
    tunnel.isConnecting = false
    tunnel.open.add(opened.id)
    this.#owners.set(opened.id, tunnel)
    tunnel.user.opened(now, opened)
    for (const message of tunnel.waiting.splice(0)) this.carry(now, opened.path, message, 0, message.length)
  }

  data(now: Instant, association: AssociationId, buffer: Bytes, start: number, end: number): void {
    this.#owners.get(association)?.user.deliver(now, buffer.subarray(start, end))
  }

  closed(now: Instant, association: AssociationId, reason: CloseReason): void {
    const tunnel = this.#owners.get(association)
    if (tunnel === undefined) return
    this.#owners.delete(association)
    tunnel.open.delete(association)
    if (tunnel.association === association) tunnel.association = undefined
    if (reason !== 'superseded') tunnel.user.ended(now, reason)
  }

  handshake(now: Instant, { outcome, path }: HandshakeReport): void {
    const tunnel = this.#tunnels.get(path)
    if (tunnel === undefined || outcome === 'completed') return
    tunnel.isConnecting = false
    tunnel.waiting.length = 0
    tunnel.user.handshakeFailed(now)
  }

  profileOf(path: number): Profile {
    return this.#tunnels.get(path)?.user.profile ?? profiles.ip
  }

  addressOf(path: number): Bytes {
    return new Uint8Array([10, (path >>> 16) & 0xff, (path >>> 8) & 0xff, path & 0xff, 0x16, 0x34])
  }

  /** A client of pre-shared keys looks nobody up, stores nothing and reserves nothing. */
  lookup(): void {}
  recall(): void {}
  evicted(): void {}
  reserve(): void {}
  /** Its server stays where it is. */
  moved(): void {}
  reachable(): void {}

  #arm(): void {
    this.#timeline.set(this.#timer, this.dtls.nextDeadline())
  }
}

function clientOptions(devices: number): DtlsOptions {
  return {
    ...defaultDtlsOptions,
    connectionIdLength: 0,
    sequenceReservation: 0,
    sessionLimit: 0,
    associationLimit: 10 * devices + 1000,
    handshakeLimit: devices + 1000,
  }
}
