/**
 * A small LwM2M device on our CoAP endpoint over a real socket, for tests that need a thousand of them:
 * registers, takes writes and remembers every one it ran.
 */
import { createSocket, type Socket } from 'node:dgram'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, type Instant } from '../../src/base/time.ts'
import { textOf, utf8 } from '../../src/base/bytes.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import { method, response } from '../../src/coap/codes.ts'
import { option } from '../../src/coap/options.ts'
import type {
  CoapSink,
  InboundNotification,
  InboundRequest,
  Peer,
  RequestId,
  RequestOutcome,
} from '../../src/coap/types.ts'
import { profiles, type Profile } from '../../src/config/profiles.ts'
import { defaultSettings } from '../../src/config/tunables.ts'

const serverPeer: Peer = 1
/** A server that is killed again and again may be down at each of five repetitions. */
const registerTries = 3
const links = utf8('</>;rt="oma.lwm2m";ct="0 110 112",</1/0>,</3/0>')

export class SocketDevice implements CoapSink {
  readonly endpoint: string
  /** Location of every registration the server acknowledged, newest last. */
  readonly acknowledged: string[] = []
  /** Every write that ran, in order: path and text. */
  readonly writes: { readonly path: string; readonly value: string }[] = []
  readonly #coap: CoapEndpoint
  readonly #socket: Socket
  readonly #serverPort: number
  readonly #waiting = new Map<RequestId, (outcome: RequestOutcome) => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(endpoint: string, serverPort: number, seed: number) {
    this.endpoint = endpoint
    this.#serverPort = serverPort
    this.#coap = new CoapEndpoint({ random: new SeededRandom(seed), settings: defaultSettings, sink: this })
    this.#socket = createSocket('udp4')
    this.#socket.on('message', (datagram) => {
      this.#coap.receive(now(), serverPeer, datagram, 0, datagram.length)
      this.#arm()
    })
    // The server is down between its lives: the socket hears of it, retransmission deals with it.
    this.#socket.on('error', () => undefined)
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#socket.bind(0, '127.0.0.1', resolve))
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#socket.close()
  }

  /** Registers, and again where nobody answers, as devices do; resolves with whether the server acknowledged it. */
  async register(): Promise<boolean> {
    for (let tries = 0; tries < registerTries; tries++) {
      const outcome = await this.#ask({
        code: method.post,
        path: ['rd'],
        query: [`ep=${this.endpoint}`, 'lt=86400', 'lwm2m=1.1', 'b=U'],
        contentFormat: 40,
        payload: links,
      })
      if (outcome === undefined) continue
      this.acknowledged.push(outcome)
      return true
    }
    return false
  }

  #ask(request: Parameters<CoapEndpoint['request']>[2]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const { id } = this.#coap.request(now(), serverPeer, request)
      this.#waiting.set(id, (outcome) => {
        const isCreated = outcome.outcome === 'response' && outcome.response.code === response.created
        resolve(isCreated ? outcome.response.options.texts(option.locationPath).join('/') : undefined)
      })
      this.#arm()
    })
  }

  // ——— CoapSink ———

  send(_now: Instant, _peer: Peer, buffer: Uint8Array, start: number, end: number): void {
    this.#socket.send(buffer.slice(start, end), this.#serverPort, '127.0.0.1')
  }

  request(at: Instant, request: InboundRequest): void {
    if (request.code !== method.put) {
      this.#coap.respond(at, request.exchange, { code: response.methodNotAllowed })
      return
    }
    this.writes.push({ path: `/${request.path.join('/')}`, value: textOf(request.payload) ?? '' })
    this.#coap.respond(at, request.exchange, { code: response.changed })
  }

  notification(at: Instant, notification: InboundNotification): void {
    this.#coap.reject(at, notification.exchange)
  }

  outcome(_now: Instant, id: RequestId, outcome: RequestOutcome): void {
    this.#waiting.get(id)?.(outcome)
    this.#waiting.delete(id)
  }

  profileOf(): Profile {
    return profiles.ip
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const wait = this.#coap.nextDeadline() - now()
    if (wait === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(
      () => {
        this.#coap.expire(now())
        this.#arm()
      },
      Math.max(0, Math.min(wait, 60_000)),
    )
  }
}

function now(): Instant {
  return instantOf(performance.timeOrigin + performance.now())
}
