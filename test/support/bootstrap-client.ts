/**
 * A client that lets itself be bootstrapped, on our CoAP in the client's role: objects as instances with text values,
 * an account at any instance of object 0, and the habits a test gives it.
 */
import { utf8 } from '../../src/base/bytes.ts'
import { isFault } from '../../src/base/fault.ts'
import { silentLog } from '../../src/base/log.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { SeededRandom } from '../../src/base/random.ts'
import type { Instant } from '../../src/base/time.ts'
import { profiles, type Profile } from '../../src/config/profiles.ts'
import { defaultSettings } from '../../src/config/tunables.ts'
import { method, response as codes } from '../../src/coap/codes.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import { option } from '../../src/coap/options.ts'
import type { CoapSink, InboundRequest, OutboundResponse, RequestOutcome } from '../../src/coap/types.ts'
import { jsonOfValue } from '../../src/lwm2m/content-json.ts'
import { deviceModel } from '../../src/lwm2m/model/library.ts'
import { pathOf } from '../../src/lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../src/lwm2m/payload/codec.ts'
import { isRefusal } from '../../src/lwm2m/refusal.ts'
import type { Entry } from '../../src/lwm2m/value.ts'
import { library } from './engine-harness.ts'

export interface ClientHabits {
  /** Where its bootstrap account sits. */
  readonly account?: number
  /** Further accounts of bootstrap servers. */
  readonly otherAccounts?: readonly number[]
  /** 'reset': it says RST to what it does not know. */
  readonly discovers?: boolean | 'reset'
  /** What it says to Discover, instead of what it holds. */
  readonly discovery?: string
  /** Content formats it takes; all unless told. */
  readonly formats?: readonly number[]
  /** What it says to another one. */
  readonly otherFormat?: number
  readonly enabler?: string
  /** It takes whole objects, or instances, only. */
  readonly takes?: 'object' | 'instance'
  /** Knows the Server object of 1.0 only. */
  readonly old?: boolean
  readonly finish?: number
  readonly reads?: boolean
}

const model = deviceModel(library, '1.2')
const server = 1

export class BootstrapClient implements CoapSink {
  readonly coap: CoapEndpoint
  readonly endpoint: string
  readonly habits: ClientHabits
  /** Values by path; the account's are there from the start. */
  values = new Map<string, Entry['value']>()
  /** What it was asked, in order: `PUT /1/0 112`. */
  readonly asked: string[] = []
  /** Outcomes of its own requests. */
  readonly outcomes: RequestOutcome[] = []
  answers: { code: number; payload: Uint8Array; contentFormat: number | undefined }[] = []
  finished = 0
  readonly #transmit: (datagram: Uint8Array) => void

  constructor(endpoint: string, habits: ClientHabits, transmit: (datagram: Uint8Array) => void, seed = 1) {
    this.endpoint = endpoint
    this.habits = habits
    this.#transmit = transmit
    this.coap = new CoapEndpoint({
      random: new SeededRandom(seed),
      settings: defaultSettings,
      sink: this,
      metrics: noMetrics,
      log: silentLog,
    })
    for (const id of this.#accounts()) {
      this.values.set(`/0/${id}/0`, { type: 'string', value: 'coap://bootstrap' })
      this.values.set(`/0/${id}/1`, { type: 'boolean', value: true })
    }
  }

  /** What it holds for a test to look at: path to JSON value, the bootstrap accounts left out. */
  get content(): Readonly<Record<string, unknown>> {
    const own = [...this.values].filter(([path]) => !this.#accounts().some((id) => path.startsWith(`/0/${id}/`)))
    return Object.fromEntries(
      own.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, value]) => [path, jsonOfValue(value!)]),
    )
  }

  get account(): Readonly<Record<string, unknown>> {
    const own = [...this.values].filter(([path]) => this.#accounts().some((id) => path.startsWith(`/0/${id}/`)))
    return Object.fromEntries(own.map(([path, value]) => [path, jsonOfValue(value!)]))
  }

  ask(now: Instant, query: readonly string[] = [`ep=${this.endpoint}`]): void {
    this.coap.request(now, server, { code: method.post, path: ['bs'], query })
  }

  askPack(now: Instant, accept?: number): void {
    const wanted = accept === undefined ? {} : { accept }
    this.coap.request(now, server, { code: method.get, path: ['bspack'], query: [`ep=${this.endpoint}`], ...wanted })
  }

  receive(now: Instant, datagram: Uint8Array): void {
    this.coap.receive(now, server, datagram, 0, datagram.length)
  }

  // ——— CoapSink ———

  send(_now: Instant, _peer: number, buffer: Uint8Array, start: number, end: number): void {
    this.#transmit(buffer.slice(start, end))
  }

  request(now: Instant, request: InboundRequest): void {
    if (this.habits.discovers === 'reset' && request.code === method.get) {
      this.asked.push('RST')
      this.coap.dismiss(now, request.exchange)
      return this.#transmit(Uint8Array.of(0x70, 0, request.messageId >> 8, request.messageId & 0xff))
    }
    this.coap.respond(now, request.exchange, this.#answer(request))
  }

  notification(): void {}

  outcome(_now: Instant, _id: number, outcome: RequestOutcome): void {
    this.outcomes.push(outcome)
    if (outcome.outcome !== 'response') return
    const { code, payload, options } = outcome.response
    this.answers.push({ code, payload: payload.slice(), contentFormat: options.uint(option.contentFormat) })
  }

  profileOf(): Profile {
    return profiles.ip
  }

  // ——— objects ———

  #accounts(): readonly number[] {
    return [this.habits.account ?? 0, ...(this.habits.otherAccounts ?? [])]
  }

  #answer(request: InboundRequest): OutboundResponse {
    const { code, path, payload, options } = request
    const format = options.uint(option.contentFormat)
    const names = ['', 'GET', 'POST', 'PUT', 'DELETE']
    this.asked.push(`${names[code]} /${path.join('/')}${format === undefined ? '' : ` ${format}`}`)
    switch (code) {
      case method.get:
        return path.length === 0 ? this.#discover() : this.#read(path, options.uint(option.accept))
      case method.delete:
        return this.#delete(path)
      case method.put:
        return this.#write(path, format ?? 0, payload.slice())
      default:
        this.finished++
        return { code: this.habits.finish ?? codes.changed }
    }
  }

  #discover(): OutboundResponse {
    const { discovers, discovery } = this.habits
    if (discovers === false) return { code: codes.methodNotAllowed }
    if (discovery !== undefined) return { code: codes.content, contentFormat: 40, payload: utf8(discovery) }
    const instances = new Set([...this.values.keys()].map((path) => path.split('/').slice(0, 3).join('/')))
    const ssid = (path: string): string => {
      const id = this.values.get(`${path}/${path.startsWith('/0/') ? 10 : 0}`)
      const isAccount = this.#accounts().some((account) => path === `/0/${account}`)
      return id === undefined || isAccount || !/^\/[01]\//.test(path) ? '' : `;ssid=${String(jsonOfValue(id))}`
    }
    const links = [...instances].sort().map((path) => `<${path}>${ssid(path)}`)
    return {
      code: codes.content,
      contentFormat: 40,
      payload: utf8([`</>;lwm2m=${this.habits.enabler ?? '1.1'}`, '</1>', '</3/0>', ...links].join(',')),
    }
  }

  #read(path: readonly string[], accept: number | undefined): OutboundResponse {
    if (this.habits.reads === false) return { code: codes.methodNotAllowed }
    const base = pathOf(path.map(Number))
    const below = [...this.values].filter(([key]) => key.startsWith(`/${path.join('/')}/`))
    const entries = below.map(([key, value]) => ({ path: pathOf(key.slice(1).split('/').map(Number)), value: value! }))
    const payload = encodePayload((accept ?? 112) as 112, base, entries)
    return isRefusal(payload)
      ? { code: codes.notAcceptable }
      : { code: codes.content, contentFormat: accept ?? 112, payload }
  }

  #delete(path: readonly string[]): OutboundResponse {
    const prefix = `/${path.join('/')}`.replace(/\/$/, '')
    for (const key of this.values.keys()) {
      const isAccount = this.#accounts().some((id) => key.startsWith(`/0/${id}/`))
      // A Delete that names the account itself is one this client obeys: the server must not send it.
      const isNamed = this.#accounts().some((id) => prefix === `/0/${id}`)
      if (key.startsWith(`${prefix}/`) && (!isAccount || isNamed)) this.values.delete(key)
    }
    return { code: codes.deleted }
  }

  #write(path: readonly string[], format: number, payload: Uint8Array): OutboundResponse {
    const { formats, otherFormat = codes.unsupportedContentFormat, takes, old } = this.habits
    if (formats !== undefined && !formats.includes(format)) return { code: otherFormat }
    if (takes !== undefined && (path.length === 1) !== (takes === 'object')) return { code: codes.methodNotAllowed }
    const decoded = decodePayload(format, payload, { base: pathOf(path.map(Number)), model })
    if (isFault(decoded)) return { code: codes.badRequest, payload: utf8(decoded.fault) }
    const young = decoded.entries.some((entry) => entry.path[0] === 1 && (entry.path[2] ?? 0) > 8)
    if (old === true && young) return { code: codes.notFound }
    const written = new Set(decoded.entries.map((entry) => entry.path.slice(0, 2).join('/')))
    for (const key of this.values.keys()) {
      if (written.has(key.slice(1).split('/').slice(0, 2).join('/'))) this.values.delete(key)
    }
    for (const { path: at, value } of decoded.entries)
      if (value !== undefined) this.values.set(`/${at.join('/')}`, value)
    return { code: codes.changed }
  }
}
