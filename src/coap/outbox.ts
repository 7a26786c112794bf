/**
 * The one way out: a slab messages are written into, the check that an unverified address never gets
 * more than three times what it sent (RFC 9175 §2.4), and the four-octet messages. Knows no exchange.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import type { Instant } from '../base/time.ts'
import { emptyCode, messageType } from './codes.ts'
import { MessageWriter } from './message-writer.ts'
import type { PeerState } from './state.ts'
import type { CoapSink, Peer } from './types.ts'

/** RFC 9175 §2.4: octets an unverified address may get for each octet it sent. */
export const amplificationLimit = 3

/** The largest datagram UDP carries. */
const slabSize = 65_536

export class Outbox {
  readonly slab: Bytes = new Uint8Array(slabSize)
  readonly writer = new MessageWriter(this.slab)
  readonly #sink: CoapSink
  readonly #sent: Counter
  readonly #withheld: Counter

  constructor(sink: CoapSink, metrics: Metrics) {
    this.#sink = sink
    this.#sent = metrics.counter('coapstan_coap_sent_total', 'CoAP datagrams sent')
    this.#withheld = metrics.counter(
      'coapstan_coap_withheld_total',
      'CoAP datagrams not sent because the address is unverified and has had three times what it sent',
    )
  }

  /** Octets `start` to `end` of `buffer`, as far as the peer's credit goes. */
  send(now: Instant, peer: PeerState, buffer: Bytes, start: number, end: number): void {
    if (peer.credit !== Number.POSITIVE_INFINITY) {
      if (end - start > peer.credit) {
        this.#withheld.add()
        return
      }
      peer.credit -= end - start
    }
    this.#sent.add()
    this.#sink.send(now, peer.peer, buffer, start, end)
  }

  acknowledge(now: Instant, peer: PeerState, messageId: number): void {
    this.send(now, peer, this.slab, 0, this.#bare(messageType.acknowledgement, messageId))
  }

  reset(now: Instant, peer: PeerState, messageId: number): void {
    this.send(now, peer, this.slab, 0, this.#bare(messageType.reset, messageId))
  }

  /** A RST to a peer of which nothing is known: as long as the shortest message it can have sent. */
  resetUnknown(now: Instant, peer: Peer, messageId: number): void {
    this.#sent.add()
    this.#sink.send(now, peer, this.slab, 0, this.#bare(messageType.reset, messageId))
  }

  /** A CON without content: the peer answers it with a RST (RFC 7252 §4.3). */
  writePing(messageId: number): number {
    return this.#bare(messageType.confirmable, messageId)
  }

  #bare(type: 0 | 2 | 3, messageId: number): number {
    this.writer.begin(type, emptyCode, messageId)
    return this.writer.finish()
  }
}
