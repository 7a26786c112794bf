/**
 * The radio between the CoAP package and the network: loss and latency on what the device sends, polling
 * and sleep on what it hears. It has the face of a dgram socket, because that is what the package takes, and it
 * mends at the message layer what the package leaves open: a repeated message is answered from memory
 * (RFC 7252 §4.5), a ping gets its RST, nothing is said to an ACK.
 */
import { EventEmitter } from 'node:events'
import type { Random } from '../base/random.ts'
import { seconds, type Duration } from '../base/time.ts'
import type { Carrier } from './carrier.ts'
import { MessageMemory } from './message-memory.ts'
import type { Personality } from './personality.ts'

export interface LinkOptions {
  readonly personality: Personality
  /** Share of its own datagrams that are lost, 0–1. */
  readonly loss: number
  readonly random: Random
}

export interface LinkEvents {
  /** The receiver went off, or on again because the device had something to send. */
  readonly radio: (on: boolean) => void
  readonly lost: (direction: 'sent' | 'received', reason: string) => void
  /** An ACK or RST without content came for a message of ours. */
  readonly emptied: (kind: 'ack' | 'reset', messageId: number) => void
}

const con = 0
const non = 1
const ack = 2
const reset = 3
/** For so long after sending, a sleepy receiver fetches at its fast period. */
const fastPollSpan: Duration = seconds(4)
/** What a Thread parent must hold for one sleepy child. */
const parentBuffer = 2
const latencySpread = 0.5

export class Link extends EventEmitter {
  readonly type: 'udp4' | 'udp6'
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #memory = new MessageMemory()
  readonly #timers = new Set<NodeJS.Timeout>()
  #carrier: Carrier
  #closed = false
  #awake = true
  #sleepTimer: NodeJS.Timeout | undefined
  #lastSent = 0
  /** Latency never reorders what one device sends. */
  #nextDeparture = 0
  #held = 0
  #hearing: number | undefined

  constructor(carrier: Carrier, options: LinkOptions, events: LinkEvents) {
    super()
    this.#carrier = carrier
    this.#options = options
    this.#events = events
    this.type = carrier.peer.family === 'IPv6' ? 'udp6' : 'udp4'
    this.#stayAwake()
  }

  address(): { address: string; port: number; family: string } {
    return { address: this.#carrier.localAddress, port: 0, family: this.#carrier.peer.family }
  }

  get awake(): boolean {
    return this.#awake
  }

  /** dgram's signature; port and host are always those of the one peer. */
  send(
    bytes: Buffer,
    offset: number,
    length: number,
    _port: number,
    _host: string | undefined,
    callback?: (error: Error | null, sent: number) => void,
  ): void {
    const datagram = Buffer.from(bytes.subarray(offset, offset + length))
    queueMicrotask(() => callback?.(null, length))
    if (this.#closed) return
    const type = typeOf(datagram)
    // RFC 7252 §4.2: an ACK or RST is never answered with RST; the package would do so.
    if (type === reset && (this.#hearing === ack || this.#hearing === reset)) return
    if (type === ack || type === reset) this.#memory.answered(messageIdOf(datagram), datagram)
    this.#transmit(datagram)
  }

  #transmit(datagram: Buffer): void {
    this.#stayAwake()
    this.#lastSent = Date.now()
    const { loss, random, personality } = this.#options
    if (random.fraction() < loss) {
      this.#events.lost('sent', 'loss')
      return
    }
    const latency = logNormal(personality.latency, random)
    this.#nextDeparture = Math.max(this.#nextDeparture, Date.now() + latency)
    this.#after(this.#nextDeparture - Date.now(), () => this.#carrier.send(datagram))
  }

  /** A datagram came from the network. */
  receive(datagram: Buffer): void {
    if (this.#closed || datagram.length < 4) return
    if (!this.#awake) {
      this.#events.lost('received', 'the receiver is off')
      return
    }
    const { personality, random } = this.#options
    const { pollPeriod, fastPollPeriod } = personality
    if (pollPeriod === undefined) {
      this.#deliver(datagram)
      return
    }
    if (this.#held >= parentBuffer) {
      this.#events.lost('received', 'the parent holds no more for a sleeping child')
      return
    }
    this.#held++
    const period = Date.now() - this.#lastSent < fastPollSpan ? fastPollPeriod : pollPeriod
    this.#after(random.fraction() * period, () => {
      this.#held--
      this.#deliver(datagram)
    })
  }

  #deliver(datagram: Buffer): void {
    if (this.#closed) return
    this.#stayAwake()
    const type = typeOf(datagram)
    const messageId = messageIdOf(datagram)
    const empty = datagram[1] === 0
    if (type === con && empty) {
      this.#transmit(Buffer.of(0x70, 0, datagram[2]!, datagram[3]!)) // ping, RFC 7252 §4.3
      return
    }
    if (type === con || type === non) {
      const earlier = this.#memory.heard(messageId, tokenOf(datagram), Date.now())
      if (earlier !== 'new') {
        if (earlier !== 'pending' && type === con) this.#transmit(earlier)
        return
      }
    } else if (empty) {
      this.#events.emptied(type === ack ? 'ack' : 'reset', messageId)
    }
    this.#hearing = type
    const { address, port, family } = this.#carrier.peer
    this.emit('message', datagram, { address, port, family, size: datagram.length })
    this.#hearing = undefined
  }

  #stayAwake(): void {
    const window = this.#options.personality.awakeWindow
    if (window === undefined || this.#closed) return
    if (!this.#awake) {
      this.#awake = true
      this.#events.radio(true)
    }
    clearTimeout(this.#sleepTimer)
    this.#sleepTimer = setTimeout(() => {
      this.#awake = false
      this.#events.radio(false)
    }, window)
  }

  #after(wait: number, action: () => void): void {
    if (wait <= 0) {
      action()
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, wait)
    this.#timers.add(timer)
  }

  /** From now on nothing is sent or heard; what was on its way is dropped, as when power goes. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#sleepTimer)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#carrier.close()
    this.removeAllListeners()
  }
}

function typeOf(datagram: Buffer): number {
  return (datagram[0]! >> 4) & 3
}

function messageIdOf(datagram: Buffer): number {
  return datagram.readUInt16BE(2)
}

function tokenOf(datagram: Buffer): string {
  return datagram.toString('hex', 4, 4 + (datagram[0]! & 0xf))
}

/** A sample around `median`, as radio latencies spread. */
function logNormal(median: Duration, random: Random): number {
  if (median === 0) return 0
  const normal = Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction())
  return median * Math.exp(latencySpread * normal)
}
