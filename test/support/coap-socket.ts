/**
 * Our CoAP endpoint, both roles, on a real UDP socket for peers we did not write: requests as promises,
 * observations as lists that grow, and a shelf of representations it serves.
 */
import { createSocket, type Socket } from 'node:dgram'
import type { Bytes } from '../../src/base/bytes.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, milliseconds, never, type Instant } from '../../src/base/time.ts'
import { method, response } from '../../src/coap/codes.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import { option } from '../../src/coap/options.ts'
import type {
  CoapSink,
  InboundNotification,
  InboundRequest,
  OutboundRequest,
  Peer,
  RequestId,
  RequestOutcome,
} from '../../src/coap/types.ts'
import { profiles, type BlockSize, type Profile } from '../../src/config/profiles.ts'
import { defaultSettings } from '../../src/config/tunables.ts'

const host = '127.0.0.1'

/** Repeats itself after 8 ms, which is long on the loopback: a mebibyte that loses a tenth takes seconds. */
export const loopback: Profile = { ...profiles.ip, ackTimeout: milliseconds(8), maxRetransmit: 10 }

export interface Answer {
  /** As `2.05`; the outcome's name where there was no response. */
  readonly code: string
  readonly payload: Bytes
  readonly format: number | undefined
}

/** What an observation has brought so far, its first answer included. */
export interface Observed {
  readonly token: Bytes
  readonly values: Bytes[]
  /** Rejects after `deadline` milliseconds. */
  waitFor(count: number, deadline: number): Promise<void>
}

interface Held {
  payload: Bytes
  readonly observers: { readonly peer: Peer; readonly token: Bytes }[]
  sequence: number
}

export class CoapSocket implements CoapSink {
  /** What it serves, by path; PUT adds to it. */
  readonly held = new Map<string, Held>()
  readonly #coap: CoapEndpoint
  readonly #socket: Socket = createSocket('udp4')
  readonly #profile: Profile
  /** By peer; 0 is nobody. */
  readonly #ports: number[] = [0]
  readonly #waiting = new Map<RequestId, (answer: Answer) => void>()
  readonly #observations = new Map<string, { readonly values: Bytes[]; arrived: () => void }>()
  #timer: NodeJS.Timeout | undefined

  private constructor(seed: number, profile: Profile) {
    this.#profile = profile
    const settings = { ...defaultSettings, 'coap.body-limit': 2_097_152 }
    this.#coap = new CoapEndpoint({ random: new SeededRandom(seed), settings, sink: this })
    this.#socket.on('message', (datagram, { port }) => {
      this.#coap.receive(now(), this.#peerOf(port), datagram, 0, datagram.length)
      this.#arm()
    })
    // Nobody listens there yet or any more: retransmission deals with it.
    this.#socket.on('error', () => undefined)
  }

  static async open(seed: number, profile: Profile = loopback): Promise<CoapSocket> {
    const socket = new CoapSocket(seed, profile)
    await new Promise<void>((resolve) => socket.#socket.bind(0, host, resolve))
    return socket
  }

  get port(): number {
    return this.#socket.address().port
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#socket.close()
  }

  // ——— client ———

  ask(port: number, request: OutboundRequest): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const { id } = this.#coap.prepare(now(), this.#peerOf(port), request)
    this.#waiting.set(id, resolve)
    this.#coap.transmit(now(), id)
    this.#arm()
    return promise
  }

  async get(port: number, path: string, blockSize?: BlockSize): Promise<Answer> {
    const size = blockSize === undefined ? {} : { blockSize }
    return this.ask(port, { code: method.get, path: segmentsOf(path), ...size })
  }

  /** Registers; with the token of an earlier observation it renews that one (RFC 7641 §3.3.1). */
  async observe(port: number, path: string, earlier?: Observed): Promise<Observed> {
    const token = earlier?.token ?? crypto.getRandomValues(new Uint8Array(8))
    const values = earlier?.values ?? []
    const observation = { values, arrived: (): void => undefined }
    this.#observations.set(keyOf(token), observation)
    const first = await this.ask(port, { code: method.get, path: segmentsOf(path), observe: 0, token })
    values.push(first.payload)
    observation.arrived()
    return {
      token,
      values,
      waitFor: (count, deadline) =>
        new Promise((resolve, reject) => {
          const overdue = setTimeout(
            () => reject(new Error(`${values.length} of ${count} notifications in ${deadline} ms`)),
            deadline,
          )
          observation.arrived = () => {
            if (values.length < count) return
            clearTimeout(overdue)
            resolve()
          }
          observation.arrived()
        }),
    }
  }

  // ——— server ———

  /** Changes what is served under `path` and tells its observers. */
  publish(path: string, payload: Bytes): void {
    const held = this.#hold(path)
    held.payload = payload
    held.sequence++
    for (const { peer, token } of held.observers) {
      const notification = { code: response.content, payload, observe: held.sequence, contentFormat: 0 }
      this.#coap.notify(now(), peer, token, notification, { confirmable: held.sequence % 3 === 0 })
    }
    this.#arm()
  }

  // ——— CoapSink ———

  send(_now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    this.#socket.send(buffer.slice(start, end), this.#ports[peer], host)
  }

  request(at: Instant, request: InboundRequest): void {
    const path = request.path.join('/')
    const held = this.held.get(path)
    if (request.code === method.put || request.code === method.post) {
      this.#hold(path).payload = request.payload.slice()
      this.#coap.respond(at, request.exchange, { code: held === undefined ? response.created : response.changed })
    } else if (request.code === method.delete) {
      this.held.delete(path)
      this.#coap.respond(at, request.exchange, { code: response.deleted })
    } else if (held === undefined) {
      this.#coap.respond(at, request.exchange, { code: response.notFound })
    } else {
      const observe = this.#observeOf(held, request)
      this.#coap.respond(at, request.exchange, {
        code: response.content,
        payload: held.payload,
        contentFormat: 0,
        ...(observe === undefined ? {} : { observe }),
      })
    }
  }

  notification(at: Instant, notification: InboundNotification): void {
    const observation = this.#observations.get(keyOf(notification.token))
    if (observation === undefined) return this.#coap.reject(at, notification.exchange)
    this.#coap.acknowledge(at, notification.exchange)
    observation.values.push(notification.payload.slice())
    observation.arrived()
  }

  outcome(_now: Instant, id: RequestId, outcome: RequestOutcome): void {
    const answered = this.#waiting.get(id)
    this.#waiting.delete(id)
    answered?.(answerOf(outcome))
  }

  profileOf(): Profile {
    return this.#profile
  }

  #hold(path: string): Held {
    const held = this.held.get(path) ?? { payload: new Uint8Array(0), observers: [], sequence: 1 }
    this.held.set(path, held)
    return held
  }

  #observeOf(held: Held, request: InboundRequest): number | undefined {
    const wish = request.options.uint(option.observe)
    if (wish !== 0) return undefined
    const token = request.token.slice()
    const isKnown = held.observers.some(
      ({ peer, token: other }) => peer === request.peer && keyOf(other) === keyOf(token),
    )
    if (!isKnown) held.observers.push({ peer: request.peer, token })
    return held.sequence
  }

  #peerOf(port: number): Peer {
    const known = this.#ports.indexOf(port)
    return known > 0 ? known : this.#ports.push(port) - 1
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const next = this.#coap.nextDeadline()
    if (next === never) return
    const expire = (): void => {
      this.#coap.expire(now())
      this.#arm()
    }
    this.#timer = setTimeout(expire, Math.max(0, Math.min(next - now(), 60_000)))
  }
}

function answerOf(outcome: RequestOutcome): Answer {
  if (outcome.outcome !== 'response') return { code: outcome.outcome, payload: new Uint8Array(0), format: undefined }
  const { code, payload, options } = outcome.response
  return {
    code: `${code >> 5}.${String(code & 31).padStart(2, '0')}`,
    payload: payload.slice(),
    format: options.uint(option.contentFormat),
  }
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '')
const keyOf = (token: Bytes): string => Buffer.from(token).toString('hex')

function now(): Instant {
  return instantOf(performance.timeOrigin + performance.now())
}
