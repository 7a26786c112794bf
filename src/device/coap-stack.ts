/**
 * The npm package `coap` on one link: its Agent for what the device asks, its Server for what it is asked.
 * Adds what the package leaves to its user: one request at a time (NSTART, RFC 7252 §4.7), a limit to
 * waiting, blocks that each request and answer shows as they are. Knows no LwM2M.
 */
import type { AddressInfo } from 'node:net'
import type { Socket } from 'node:dgram'
import { Agent, ObserveWriteStream, Server, updateTiming } from 'coap'
import type { CoapPacket, CoapRequestParams, IncomingMessage, OutgoingMessage } from 'coap'
import { derivedTimes } from '../config/profiles.ts'
import { blockOctets, rawOptionsOf, type Block, type RawOptions } from './coap-options.ts'
import type { Link } from './link.ts'
import type { Personality } from './personality.ts'

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path segments, not percent-encoded. */
  readonly path: readonly string[]
  readonly queries?: readonly string[]
  readonly contentFormat?: number
  readonly payload?: Buffer
  readonly block2?: Block
  /** Asks for the size of the whole. */
  readonly size2?: boolean
}

export interface Reply {
  /** "2.01" */
  readonly code: string
  readonly payload: Buffer
  readonly options: RawOptions
}

export interface StackEvents {
  readonly requested: (incoming: Incoming) => void
  /** No answer came in time, the message goes out once more. */
  readonly repeated: (exchange: Exchange) => void
}

export type Incoming = { readonly request: IncomingMessage; readonly options: RawOptions } & (
  | { readonly observe: false; readonly response: OutgoingMessage }
  | { readonly observe: true; readonly response: ObserveWriteStream }
)

/** What the package does not keep of a packet, or would act upon by itself. */
const rawOptions = new WeakMap<CoapPacket, RawOptions>()

/** Blocks are hidden from the package: it would assemble them by token, unbounded and unseen. */
function remember(packet: CoapPacket, hidden: 'Block1' | 'Block2'): void {
  rawOptions.set(packet, rawOptionsOf(packet))
  packet.options = packet.options?.filter((option) => option.name !== hidden) ?? []
}

class BlockwiseAgent extends Agent {
  override _handle(packet: Parameters<Agent['_handle']>[0], from: AddressInfo, own: AddressInfo): void {
    remember(packet, 'Block2')
    super._handle(packet, from, own)
  }
}

class BlockwiseServer extends Server {
  override _handle(packet: CoapPacket, from: AddressInfo): void {
    remember(packet, 'Block1')
    // The package takes a RST it has no use for as a request. Either way its retransmission is over.
    if (packet.reset === true) super._handle({ ...packet, reset: false, ack: true }, from)
    else super._handle(packet, from)
  }
}

export class CoapStack {
  readonly #agent: Agent
  readonly #server: Server
  readonly #link: Link
  readonly #events: StackEvents
  readonly #waitLimit: number
  #last: Promise<unknown> = Promise.resolve()
  #interruptions = 0
  #closed = false
  #abandon: (() => void) | undefined

  /** The package's timers are global, so a process can hold devices of one personality only. */
  constructor(link: Link, personality: Personality, events: StackEvents) {
    this.#events = events
    const { ackTimeout, ackRandomFactor, maxRetransmit } = personality
    updateTiming({ ackTimeout: ackTimeout / 1000, ackRandomFactor, maxRetransmit })
    this.#waitLimit = derivedTimes(personality).maxTransmitWait
    this.#link = link
    const socket = link as unknown as Socket // the part of dgram.Socket that the package uses
    this.#agent = new BlockwiseAgent({ socket })
    this.#server = new BlockwiseServer({ type: link.type })
    this.#server.on('request', (request: IncomingMessage, response: OutgoingMessage | ObserveWriteStream) => {
      const options = rawOptions.get(request._packet) ?? []
      if (response instanceof ObserveWriteStream) events.requested({ request, options, observe: true, response })
      else events.requested({ request, options, observe: false, response })
    })
    this.#server.listen(link)
  }

  /** A message id no other message of this device has: the package counts requests and notifications apart. */
  nextMessageId(): number {
    return this.#agent._nextMessageId()
  }

  /** The answer, or undefined where none came: no answer within MAX_TRANSMIT_WAIT, RST, or the stack was closed. */
  exchange(exchange: Exchange): Promise<Reply | undefined> {
    const interruptions = this.#interruptions
    const result = this.#last.then(() =>
      this.#closed || interruptions !== this.#interruptions ? undefined : this.#run(exchange),
    )
    this.#last = result
    return result
  }

  #run(exchange: Exchange): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const outgoing = this.#agent.request(this.#parametersOf(exchange))
      const finish = (reply: Reply | undefined): void => {
        clearTimeout(timer)
        this.#abandon = undefined
        // After a separate response the package would keep it for ever.
        if (outgoing._packet.messageId !== undefined) this.#agent._msgIdToReq.delete(outgoing._packet.messageId)
        resolve(reply)
      }
      const abandon = (): void => {
        this.#agent.abort(outgoing)
        finish(undefined)
      }
      const timer = setTimeout(abandon, this.#waitLimit)
      this.#abandon = abandon
      outgoing.on('error', () => finish(undefined))
      outgoing.on('response', (incoming: IncomingMessage) => {
        const options = rawOptions.get(incoming._packet) ?? []
        const { code, payload } = incoming
        finish(code === '0.00' ? undefined : { code, payload: Buffer.from(payload), options })
      })
      let sendings = 0
      outgoing.sender.on('sending', () => {
        if (++sendings > 1) this.#events.repeated(exchange)
      })
      if (exchange.block2 !== undefined) outgoing.setOption('Block2', blockOctets(exchange.block2))
      if (exchange.size2 === true) outgoing.setOption('Size2', 0)
      outgoing.end(exchange.payload)
    })
  }

  #parametersOf({ method, path, queries, contentFormat }: Exchange): CoapRequestParams {
    const options: NonNullable<CoapRequestParams['options']> = {
      'Uri-Path': path.map((segment) => Buffer.from(segment)),
      ...(queries === undefined ? {} : { 'Uri-Query': queries.map((query) => Buffer.from(query)) }),
      ...(contentFormat === undefined ? {} : { 'Content-Format': contentFormat }),
    }
    const { address, port } = this.#link.address()
    return { hostname: address, port, method, options, confirmable: true, agent: this.#agent }
  }

  /** Gives up on the request under way and on those waiting behind it: they end without an answer. */
  interrupt(): void {
    this.#interruptions++
    this.#abandon?.()
  }

  /** Ends everything at once, without another datagram. */
  close(): void {
    this.#closed = true
    this.interrupt()
    this.#server.close()
    this.#agent.close()
    this.#link.close()
  }
}
