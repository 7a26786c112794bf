/**
 * Requests of the debugging client, over the package `coap`: one at a time, with an end to waiting, and with
 * what the package does not tell (options as they came, round trip, an ACK without an answer).
 */
import { randomInt } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { Agent, ObserveReadStream, type CoapRequestParams, type IncomingMessage } from 'coap'
import { rawOptionsOf, type RawOptions } from '../../device/coap-options.ts'
import { CommandFailure, Interrupted } from '../failure.ts'
import type { Target } from './target.ts'
import type { Wire } from './wire.ts'

export interface RequestOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'FETCH'
  readonly confirmable: boolean
  readonly payload?: Buffer
  readonly contentFormat?: number
  readonly accept?: number
  /** Octets of a block, 16–1024; undefined: the server's choice, and 1024 for what is too long for one. */
  readonly blockSize?: number
  readonly token?: Buffer
}

export interface Reply {
  /** `2.05` */
  readonly code: string
  readonly options: RawOptions
  readonly payload: Buffer
  /** Milliseconds from the first datagram of the request to the last of the answer. */
  readonly roundTrip: number
}

/** How long to wait, and what ends it sooner. */
interface Patience {
  readonly timeout: number
  readonly interrupted: AbortSignal
}

const wholePayload = (response: IncomingMessage): Buffer => Buffer.from(response.payload)

/** Longest payload that goes into one datagram unasked (RFC 7252 §4.6). */
const longestWhole = 1024

class OpenAgent extends Agent {
  /** The last packet that came, as it came: the package turns options into what it thinks they are. */
  latest: RawOptions = []

  override _handle(...[packet, ...rest]: Parameters<Agent['_handle']>): void {
    this.latest = rawOptionsOf(packet)
    super._handle(packet, ...rest)
  }
}

export class CoapClient {
  readonly #wire: Wire
  readonly #target: Target
  readonly #timeout: number
  readonly #interrupted: AbortSignal
  readonly #agent: OpenAgent

  /** `timeout`: milliseconds to wait for an answer. */
  constructor(wire: Wire, target: Target, timeout: number, interrupted: AbortSignal) {
    this.#wire = wire
    this.#target = target
    this.#timeout = timeout
    this.#interrupted = interrupted
    this.#agent = new OpenAgent({ socket: wire.asSocket })
  }

  /** Rejects with CommandFailure where no answer comes. */
  exchange(options: RequestOptions): Promise<Reply> {
    return this.#ask(options, {}, wholePayload)
  }

  /** Ends the observation of that token (RFC 7641 §3.6), interrupted or not. */
  cancel(options: RequestOptions & { readonly token: Buffer }, timeout: number): Promise<Reply> {
    return this.#ask(
      options,
      { observe: 1, patience: { timeout, interrupted: new AbortController().signal } },
      wholePayload,
    )
  }

  /**
   * The first answer; each later notification goes to `notified`. The returned `end` stops listening without
   * a word to the server.
   */
  async observe(
    options: RequestOptions,
    notified: (notification: Reply) => void,
  ): Promise<{ readonly reply: Reply; readonly isObserved: boolean; end(): void }> {
    let stream: ObserveReadStream | undefined
    const began = performance.now()
    const reply = await this.#ask(options, { observe: 0 }, (response) => {
      if (!(response instanceof ObserveReadStream)) return Buffer.from(response.payload)
      stream = response
      const first = response.read() as Buffer | null
      response.on('data', (payload: Buffer) => {
        const roundTrip = performance.now() - began
        notified({ code: response.code, options: this.#agent.latest, payload, roundTrip })
      })
      return first ?? Buffer.alloc(0)
    })
    const isObserved = stream !== undefined && reply.options.some(([name]) => name === 'Observe')
    return { reply, isObserved, end: () => stream?.close() }
  }

  /** Milliseconds until the peer rejected an empty CON, as it must (RFC 7252 §4.3). */
  ping(): Promise<{ readonly roundTrip: number; readonly answer: string }> {
    const messageId = randomInt(0x10000)
    const ping = Buffer.from([0x40, 0, messageId >> 8, messageId & 0xff])
    return this.#within((resolve) => {
      const began = performance.now()
      const untap = this.#wire.tap((direction, octets) => {
        if (direction === 'sent' || octets.length < 4 || octets.readUInt16BE(2) !== messageId) return
        const answer = ['CON', 'NON', 'ACK', 'RST'][(octets[0]! >> 4) & 3]!
        resolve({ roundTrip: performance.now() - began, answer })
      })
      let wait = firstRepetition
      const send = (): void => {
        this.#wire.sendDatagram(ping)
        timer = setTimeout(send, wait)
        wait *= 2
      }
      let timer: NodeJS.Timeout
      send()
      return () => {
        untap()
        clearTimeout(timer)
      }
    })
  }

  close(): void {
    this.#agent.close()
    this.#wire.close()
  }

  #ask(
    options: RequestOptions,
    { observe, patience }: { readonly observe?: 0 | 1; readonly patience?: Patience },
    payloadOf: (response: IncomingMessage) => Buffer,
  ): Promise<Reply> {
    return this.#within((resolve, reject, acknowledged) => {
      const outgoing = this.#agent.request(this.#parametersOf(options, observe))
      const began = performance.now()
      outgoing.on('error', (error: Error) => reject(packageFailure(error)))
      outgoing.on('response', (response: IncomingMessage) => {
        const roundTrip = performance.now() - began
        const { code } = response
        if (code === '0.00') return reject(rejected(this.#target))
        resolve({ code, options: this.#agent.latest, payload: payloadOf(response), roundTrip })
      })
      const untap = this.#wire.tap((direction, octets) => {
        if (direction === 'received' && octets.length === 4 && octets[0] === 0x60) acknowledged()
      })
      const { payload, blockSize } = options
      if (blockSize !== undefined) outgoing.setOption('Block2', Buffer.of(Math.log2(blockSize) - 4))
      const upload = blockSize ?? longestWhole
      if (payload !== undefined && payload.length > upload) {
        outgoing.setOption('Block1', Buffer.of(Math.log2(upload) - 4))
      }
      outgoing.end(payload)
      return (isAnswered) => {
        untap()
        // After a separate response the package would keep it for ever.
        const { messageId } = outgoing._packet
        if (!isAnswered) this.#agent.abort(outgoing)
        else if (messageId !== undefined) this.#agent._msgIdToReq.delete(messageId)
      }
    }, patience)
  }

  /** Runs `start` until it resolves, rejects, takes too long or is interrupted; it returns what cleans up. */
  #within<T>(
    start: (
      resolve: (value: T) => void,
      reject: (failure: CommandFailure) => void,
      acknowledged: () => void,
    ) => (isAnswered: boolean) => void,
    { timeout, interrupted }: Patience = { timeout: this.#timeout, interrupted: this.#interrupted },
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isAcknowledged = false
      let isOver = false
      const end = (settle: () => void, isAnswered: boolean): void => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        interrupted.removeEventListener('abort', interrupt)
        // What is under way in `start` ends first.
        queueMicrotask(() => cleanUp(isAnswered))
        settle()
      }
      const refuse = (failure: CommandFailure): void => end(() => reject(failure), false)
      const interrupt = (): void => refuse(new Interrupted())
      const timer = setTimeout(() => refuse(noAnswer(this.#target, timeout, isAcknowledged)), timeout)
      interrupted.addEventListener('abort', interrupt)
      this.#wire.broken.catch(refuse)
      const cleanUp = start(
        (value) => end(() => resolve(value), true),
        refuse,
        () => (isAcknowledged = true),
      )
    })
  }

  #parametersOf(options: RequestOptions, observe: 0 | 1 | undefined): CoapRequestParams {
    const { method, confirmable, contentFormat, accept, token } = options
    const { path, query } = this.#target
    const { address, port } = this.#wire.peer
    const given: NonNullable<CoapRequestParams['options']> = {
      ...(path.length > 0 && { 'Uri-Path': path.map((segment) => Buffer.from(segment)) }),
      ...(query.length > 0 && { 'Uri-Query': query.map((argument) => Buffer.from(argument)) }),
      ...(contentFormat !== undefined && { 'Content-Format': contentFormat }),
      ...(accept !== undefined && { Accept: accept }),
    }
    return {
      hostname: address,
      port,
      method,
      confirmable,
      options: given,
      agent: this.#agent,
      ...(observe !== undefined && { observe }),
      ...(token !== undefined && { token }),
    }
  }
}

/** ACK_TIMEOUT (RFC 7252 §4.8). */
const firstRepetition = 2000

function noAnswer({ uri }: Target, timeout: number, isAcknowledged: boolean): CommandFailure {
  const seconds = `${timeout / 1000} s`
  return isAcknowledged
    ? new CommandFailure(`${uri} acknowledged the request, but did not answer within ${seconds}`, {
        exitCode: 1,
        advice: ['it may need longer: --timeout gives it more'],
      })
    : new CommandFailure(`no answer from ${uri} within ${seconds}`, {
        exitCode: 1,
        advice: [
          'a firewall may drop UDP, or the device may sleep: --timeout waits longer, --trace shows what is sent',
          'coapstan coap ping <uri> says whether anybody is there',
        ],
      })
}

function rejected({ uri }: Target): CommandFailure {
  return new CommandFailure(`${uri} rejected the request with RST`, {
    exitCode: 1,
    advice: ['it did not understand the message: --trace shows what was sent'],
  })
}

function packageFailure(error: Error): CommandFailure {
  return new CommandFailure(`the request went wrong: ${error.message}`, { exitCode: 1, cause: error })
}
