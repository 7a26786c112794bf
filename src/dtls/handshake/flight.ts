/**
 * A flight: messages that are sent together, and again together until the other side answers (RFC 6347
 * §4.2.4). Fragments those that fit no datagram; every transmission takes new record numbers.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { Association } from '../association.ts'
import type { FlightItem, PlainNumbers } from './flight-item.ts'
import type { RecordLayer } from '../record-layer.ts'
import type { DtlsSink } from '../sink.ts'
import { encodeFragmentHeader, handshakeHeaderLength } from '../wire/handshake-header.ts'
import { contentType, encodeRecordHeader, recordHeaderLength } from '../wire/record.ts'
import { noBytes } from '../../base/bytes.ts'

export interface Delivery {
  readonly path: number
  readonly items: readonly FlightItem[]
  readonly numbers: PlainNumbers
  /** Whose keys epoch 1 goes under; needed where an item has it. */
  readonly association: Association | undefined
  /** Octets of the largest datagram. */
  readonly datagramLimit: number
  /** Octets of the largest plaintext of a record. */
  readonly recordLimit: number
}

/** A fragment is not cut smaller than this to fill a datagram. */
const smallestFragment = 32

export class FlightSender {
  readonly #records: RecordLayer
  readonly #sink: DtlsSink
  #out = new Uint8Array(1500)
  #length = 0

  constructor(records: RecordLayer, sink: DtlsSink) {
    this.#records = records
    this.#sink = sink
  }

  send(now: Instant, delivery: Delivery): void {
    if (this.#out.length < delivery.datagramLimit) this.#out = new Uint8Array(delivery.datagramLimit)
    this.#length = 0
    for (const item of delivery.items) {
      if (item.kind === 'change-cipher-spec') this.#addChangeCipherSpec(now, delivery)
      else if (item.epoch === 1) this.#addProtected(now, delivery, item.whole)
      else this.#addPlain(now, delivery, item.whole)
    }
    this.#flush(now, delivery.path)
  }

  #addChangeCipherSpec(now: Instant, delivery: Delivery): void {
    if (this.#room(delivery) < recordHeaderLength + 1) this.#flush(now, delivery.path)
    const at = this.#plainHeader(delivery, contentType.changeCipherSpec, 1)
    this.#out[at] = 1
    this.#length = at + 1
  }

  #addProtected(now: Instant, delivery: Delivery, whole: Bytes): void {
    const association = delivery.association
    if (association === undefined || !association.mayWrite) return
    if (this.#room(delivery) < this.#records.sealedLength(association, whole.length)) this.#flush(now, delivery.path)
    this.#length = this.#records.seal(
      association,
      contentType.handshake,
      whole,
      0,
      whole.length,
      this.#out,
      this.#length,
    )
  }

  #addPlain(now: Instant, delivery: Delivery, whole: Bytes): void {
    const total = whole.length - handshakeHeaderLength
    const overhead = recordHeaderLength + handshakeHeaderLength
    // Never in pieces where it fits a datagram of its own: TinyDTLS cannot put them together.
    const fits = overhead + total <= delivery.datagramLimit
    if (fits && this.#room(delivery) < overhead + total) this.#flush(now, delivery.path)
    let offset = 0
    do {
      const left = total - offset
      if (this.#room(delivery) < overhead + Math.min(left, smallestFragment)) this.#flush(now, delivery.path)
      const length = Math.min(left, this.#room(delivery) - overhead, delivery.recordLimit - handshakeHeaderLength)
      const at = this.#plainHeader(delivery, contentType.handshake, handshakeHeaderLength + length)
      const messageSequence = whole[4]! * 0x100 + whole[5]!
      encodeFragmentHeader(this.#out, at, whole[0]!, total, messageSequence, offset, length)
      const from = handshakeHeaderLength + offset
      this.#out.set(whole.subarray(from, from + length), at + handshakeHeaderLength)
      this.#length = at + handshakeHeaderLength + length
      offset += length
    } while (offset < total)
  }

  #plainHeader(delivery: Delivery, type: number, length: number): number {
    return encodeRecordHeader(this.#out, this.#length, type, 0, delivery.numbers.next++, noBytes, length)
  }

  #room(delivery: Delivery): number {
    return delivery.datagramLimit - this.#length
  }

  #flush(now: Instant, path: number): void {
    if (this.#length === 0) return
    const length = this.#length
    this.#length = 0
    this.#sink.send(now, path, this.#out, 0, length)
  }
}
