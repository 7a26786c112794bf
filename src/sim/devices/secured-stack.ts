/**
 * The stack of virtual devices that speak DTLS: the one of all devices with a tunnel below it for each of
 * their lives. Adds what a device does when nobody acknowledges what it says: without a connection id its
 * address may have changed unseen, and it begins anew; with one it has no reason to.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { NoticeOutcome, OutboundRequest, Peer, RequestOutcome } from '../../coap/types.ts'
import type { ClientTerms } from '../../dtls/handshake/client-offer.ts'
import type { CloseReason, OpenedAssociation } from '../../dtls/sink.ts'
import { contentType } from '../../dtls/wire/record.ts'
import { DeviceStack, type StackUser } from './stack.ts'
import { Tunnels, type TunnelsOptions } from './tunnels.ts'

/** Who hears of associations from the devices' side; `device` is its number in the fleet. */
export interface AssociationWitness {
  /** `life` tells one power-on from the next. */
  opened(device: number, life: Peer, opened: OpenedAssociation): void
  /** The server ended it, by an alert. */
  ended(device: number, reason: CloseReason): void
  /** The device takes it for lost. */
  givenUp(device: number): void
  handshakeFailed(device: number): void
}

export interface SecuredStackOptions extends TunnelsOptions {
  readonly termsOf: (device: number) => ClientTerms
  readonly witness: AssociationWitness
}

export class SecuredStack extends DeviceStack {
  readonly tunnels: Tunnels
  readonly #options: SecuredStackOptions
  /** Lives that give up what is not answered, and whose they are. */
  readonly #impatient = new Map<Peer, number>()

  constructor(options: SecuredStackOptions) {
    super(options.timeline, options.random, options.devices)
    this.#options = options
    this.tunnels = new Tunnels(options)
  }

  override attach(user: StackUser): Peer {
    const life = super.attach(user)
    const { termsOf, witness } = this.#options
    const { index, profile } = user
    const terms = termsOf(index)
    if (terms.cidDialect === undefined) this.#impatient.set(life, index)
    this.tunnels.attach(life, {
      terms,
      profile,
      transmit: (now, buffer, start, end) => super.send(now, life, buffer, start, end),
      deliver: (now, message) => super.receive(now, life, message),
      opened: (_, opened) => witness.opened(index, life, opened),
      ended: (_, reason) => witness.ended(index, reason),
      handshakeFailed: () => witness.handshakeFailed(index),
    })
    return life
  }

  override detach(now: Instant, life: Peer): void {
    super.detach(now, life)
    this.#impatient.delete(life)
    this.tunnels.detach(now, life)
  }

  override receive(now: Instant, life: Peer, datagram: Bytes): void {
    this.tunnels.receive(now, life, datagram)
  }

  override send(now: Instant, life: Peer, buffer: Bytes, start: number, end: number): void {
    this.tunnels.carry(now, life, buffer, start, end)
  }

  override isHandshake(datagram: Bytes): boolean {
    const type = datagram[0]
    return type === contentType.handshake || type === contentType.changeCipherSpec
  }

  override ask(
    now: Instant,
    life: Peer,
    request: OutboundRequest,
    heard: (now: Instant, outcome: RequestOutcome) => void,
  ): void {
    super.ask(now, life, request, (at, outcome) => {
      if (outcome.outcome === 'timeout') this.#unheard(life)
      heard(at, outcome)
    })
  }

  override notified(now: Instant, life: Peer, token: Bytes, outcome: NoticeOutcome): void {
    if (outcome === 'timeout') this.#unheard(life)
    super.notified(now, life, token, outcome)
  }

  #unheard(life: Peer): void {
    const device = this.#impatient.get(life)
    if (device !== undefined && this.tunnels.giveUp(life)) this.#options.witness.givenUp(device)
  }
}
