/**
 * A LwM2M client that does what a test tells it to, on the other end of an engine: it registers, hears what the
 * operator's wish became on the wire, and answers as the test says. Its payloads are text, or octets made by
 * `foreign-payload.ts`: nothing here shares code with `src/lwm2m`.
 */
import assert from 'node:assert/strict'
import type { Duration } from '../../src/base/time.ts'
import type { Settings } from '../../src/config/tunables.ts'
import type { Operation, OperationDraft } from '../../src/fleet/operations/types.ts'
import { EngineHarness } from './engine-harness.ts'

export interface ScriptedDeviceOptions {
  readonly endpoint?: string
  /** Parameters of its Register behind `ep`. */
  readonly query?: string
  readonly links?: string
  readonly settings?: Partial<Settings>
  /** Beside another device of the same house. */
  readonly house?: EngineHarness
  readonly path?: number
}

const usualLinks = '</>;rt=oma.lwm2m;ct=110,</1/0>,</2/0>,</3/0>,</4/0>,</5/0>,</3303/0>,</3303/1>,</3311/0>'

export class ScriptedDevice {
  readonly house: EngineHarness
  readonly endpoint: string
  /** Where its datagrams come from. */
  path: number
  links: string
  query: string
  #messageId = 1000
  #asked = ''

  constructor(options: ScriptedDeviceOptions = {}) {
    this.house = options.house ?? new EngineHarness(options.settings)
    this.endpoint = options.endpoint ?? 'urn:dev:a'
    this.path = options.path ?? 1
    this.links = options.links ?? usualLinks
    this.query = options.query ?? 'lt=86400&lwm2m=1.1&b=U'
  }

  /** The registration as it is stored now. */
  get registration() {
    return this.house.store.device(this.endpoint)?.registration
  }

  get quirks(): readonly string[] {
    return (this.house.store.device(this.endpoint)?.device.quirks ?? []).map(({ name }) => name)
  }

  /** The observe intents as they are stored now. */
  get intents() {
    const device = this.house.store.device(this.endpoint)?.device
    return device === undefined ? [] : this.house.store.observations(device.id, 100)
  }

  operation(id: number): Operation {
    return this.house.store.operation(id)!
  }

  /** Says `CON POST …`, lets everything settle, and gives the answer back without its type and id. */
  say(message: string): string {
    const id = ++this.#messageId
    const [type, ...rest] = message.split(' ')
    this.house.receive(this.path, `${type} ${id} ${rest.join(' ')}`)
    this.house.settle()
    const answer = this.house.sent(this.path)
    const mine = answer.filter((line) => new RegExp(`^(ACK|RST|NON) ${id} `).test(line))
    this.#pending.push(...answer.filter((line) => !mine.includes(line)))
    return mine.join('; ').replaceAll(/(ACK|RST|NON) \d+ /g, type === 'CON' ? '' : '$1 ')
  }

  /** Requests of the server's that came beside an answer. */
  readonly #pending: string[] = []

  register(): this {
    const answer = this.say(
      `CON POST [aa] /rd ?ep=${this.endpoint}&${this.query} Content-Format=40 <${hexOfText(this.links)}>`,
    )
    assert.match(answer, /^2\.01/)
    return this
  }

  /** What the server has sent and nobody has looked at. */
  heard(): readonly string[] {
    return [...this.#pending.splice(0), ...this.house.sent(this.path)]
  }

  elapse(wait: Duration): this {
    this.house.elapse(wait)
    return this
  }

  /** The operator asks; the id of the operation. Rejects where the server refuses it. */
  async wish(draft: OperationDraft): Promise<number> {
    const operation = await this.house.command({ command: 'operation.submit', endpoint: this.endpoint, draft })
    return operation.id
  }

  /** The next request of the server's: method, path, options and payload in notation. */
  request(): string {
    const lines = this.heard()
    const at = lines.findIndex((line) => line.startsWith('CON'))
    assert(at >= 0, 'the server asked nothing')
    this.#pending.push(...lines.slice(0, at), ...lines.slice(at + 1))
    this.#asked = lines[at]!
    return this.#asked.replace(/^CON \d+ /, '').replace(/ \[\w+\]/, '')
  }

  /** Token of the request that was looked at last. */
  get token(): string {
    return /\[(\w+)\]/.exec(this.#asked)![1]!
  }

  get messageId(): string {
    return /^CON (\d+)/.exec(this.#asked)![1]!
  }

  /** Answers the request that was looked at last: `2.05 Content-Format=0 "21.5"`, piggybacked. */
  answer(line: string): void {
    const [code, ...rest] = line.split(' ')
    this.house.receive(this.path, `ACK ${this.messageId} ${code} [${this.token}] ${rest.join(' ')}`.trim())
    this.house.settle()
  }

  /** Asks, answers, and gives the operation back as it ended. */
  async exchange(draft: OperationDraft, answer: string): Promise<Operation> {
    const id = await this.wish(draft)
    this.request()
    this.answer(answer)
    return this.operation(id)
  }

  /** Observes `path`, which the device grants; the token its notifications carry. */
  async observed(path: string, first = 'Content-Format=0 "87"', value?: OperationDraft['value']): Promise<string> {
    await this.wish({ kind: 'observe', path, ...(value === undefined ? {} : { value }) })
    this.request()
    this.answer(`2.05 Observe=1 ${first}`)
    return this.token
  }

  /** Events of a kind, newest last. */
  told(kind: string) {
    return this.house.events.filter((event) => event.kind === kind)
  }
}

/** Text as octets in notation, where it has quotation marks. */
export function octets(text: string): string {
  return `<${hexOfText(text)}>`
}

export function json(value: unknown): string {
  return octets(JSON.stringify(value))
}

function hexOfText(text: string): string {
  return Buffer.from(text).toString('hex')
}
