/**
 * One observer over the package's ObserveWriteStream. Every notification is a CON with a message id of the
 * device's own, and the next waits for its ACK; a long one carries its first block (RFC 7959 §3.4).
 */
import type { ObserveWriteStream } from 'coap'
import type { Duration } from '../base/time.ts'
import { blockOctets } from './coap-options.ts'
import type { Channel } from './observations.ts'

export interface ChannelPorts {
  readonly nextMessageId: () => number
  /** Octets of the largest payload sent in one piece. */
  readonly blockSize: number
  /** MAX_TRANSMIT_WAIT of this device. */
  readonly patience: Duration
  /** No ACK came within `patience`. */
  readonly unacknowledged: () => void
}

export class ObserverChannel implements Channel {
  readonly #stream: ObserveWriteStream
  readonly #ports: ChannelPorts
  readonly #keep: (format: number, payload: Buffer) => void
  #awaited: number | undefined
  #timer: NodeJS.Timeout | undefined

  /** `keep` is given what did not fit one message, for the observer who fetches the rest. */
  constructor(stream: ObserveWriteStream, ports: ChannelPorts, keep: (format: number, payload: Buffer) => void) {
    this.#stream = stream
    this.#keep = keep
    this.#ports = ports
    stream.on('finish', () => this.#settle())
  }

  get busy(): boolean {
    return this.#awaited !== undefined
  }

  get open(): boolean {
    return !this.#stream.writableEnded
  }

  /** The answer to the request itself, piggybacked on its ACK. */
  answer(format: number, payload: Buffer): void {
    this.#stream.statusCode = '2.05'
    this.#write(format, payload)
  }

  notify(format: number, payload: Buffer): void {
    const messageId = this.#ports.nextMessageId()
    this.#stream._packet = { ...this.#stream._packet, messageId, confirmable: true, ack: false }
    this.#awaited = messageId
    this.#timer = setTimeout(() => {
      this.#settle()
      this.#ports.unacknowledged()
    }, this.#ports.patience)
    this.#write(format, payload)
  }

  #write(format: number, payload: Buffer): void {
    const { blockSize } = this.#ports
    this.#stream.setOption('Content-Format', format)
    const { _packet: packet } = this.#stream
    packet.options = packet.options?.filter((option) => option.name !== 'Block2') ?? []
    if (payload.length > blockSize) {
      this.#keep(format, payload)
      this.#stream.setOption('Block2', blockOctets({ num: 0, more: true, size: blockSize }))
    }
    this.#stream.write(payload.subarray(0, blockSize))
  }

  /** An empty ACK or RST came for a message of the device. */
  emptied(kind: 'ack' | 'reset', messageId: number): void {
    if (messageId !== this.#awaited) return
    this.#settle()
    if (kind === 'reset') this.close() // RFC 7641 §3.6
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#awaited = undefined
  }

  close(): void {
    this.#settle()
    if (!this.#stream.writableEnded) this.#stream.end()
  }
}
