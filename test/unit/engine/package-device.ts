/**
 * A scripted device with an object that takes packages, on the other end of an engine: answers what it is
 * asked, line by line, and does nothing by itself. Shares no code with the server.
 */
import type { Command } from '../../../src/fleet/commands.ts'
import type { UpdateWish } from '../../../src/fleet/firmware/rules.ts'
import { imageKeyOf, packageOf } from '../../../src/fleet/images/types.ts'
import { bodySource } from '../../support/body-source.ts'
import { testBody } from '../../support/coap-notation.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

interface Shape {
  readonly package: number
  readonly uri: number
  readonly install: number
  readonly state: number
  readonly result: number
  readonly cancel: number
  readonly delivery?: number
  readonly version?: number
  readonly running?: number
  readonly activate?: number
  readonly active?: number
}

const firmware: Shape = { package: 0, uri: 1, install: 2, state: 3, result: 5, delivery: 9, cancel: 10 }
const shapes: Readonly<Record<string, Shape>> = {
  '5': firmware,
  '33629': { ...firmware, running: 15 },
  '9': { package: 2, uri: 3, install: 4, state: 7, result: 9, cancel: 6, version: 1, activate: 10, active: 12 },
}

interface Request {
  readonly id: string
  readonly method: string
  readonly token: string
  readonly path: string
  readonly line: string
  readonly block:
    { readonly offset: number; readonly more: boolean; readonly size: number; readonly text: string } | undefined
}

export class PackageDevice {
  readonly house: EngineHarness
  readonly object: string
  readonly shape: Shape
  /** As its object says it: of object 9 these are other numbers. */
  state = 0
  result = 0
  running = '1.0.0'
  /** /3/0/18, where it has one. */
  hardware: string | undefined
  packageVersion = ''
  /** Octets of a package it has taken. */
  staged = 0
  uri = ''
  active = false
  delivery = 1
  lwm2m = '1.1'
  /** Whether it has /5/0/10. */
  hasCancel = true
  /** It hears nothing any more after so many requests. */
  hears = Number.POSITIVE_INFINITY
  /** What it was asked, in a word or two. */
  readonly log: string[] = []
  /** Paths that were read of it. */
  readonly asked: string[] = []
  /** Octets of packages that reached it. */
  octets = 0
  #messageId = 1000
  #location = ''

  constructor(house: EngineHarness, object = '/5/0') {
    this.house = house
    this.object = object
    this.shape = shapes[object.split('/')[1]!]!
  }

  register(): void {
    const query = `?ep=urn:dev:a&lt=86400&lwm2m=${this.lwm2m}&b=U`
    this.house.receive(1, `CON ${++this.#messageId} POST [a1] /rd ${query} Content-Format=40 "</3/0>,<${this.object}>"`)
    this.house.settle()
    const created = this.house.sent(1)
    this.#location = /Location-Path=rd Location-Path=(\S+)/.exec(created.join('\n'))?.[1] ?? ''
    this.#answerAll(created)
    this.pump()
  }

  /** Shows that it is there. */
  update(): void {
    this.house.receive(1, `CON ${++this.#messageId} POST [a2] /rd /${this.#location}`)
    this.pump()
  }

  /** Hears again from now on; what was sent meanwhile is lost. */
  wake(): void {
    this.house.sent(1)
    this.hears = Number.POSITIVE_INFINITY
  }

  /** Answers until nothing is asked any more. */
  pump(): void {
    this.house.settle()
    for (let lines = this.house.sent(1); lines.length > 0; lines = this.house.sent(1)) {
      this.#answerAll(lines)
      this.house.settle()
    }
  }

  #answerAll(lines: readonly string[]): void {
    for (const line of lines) {
      const request = requestOf(line)
      if (request === undefined || this.hears <= 0) continue
      this.hears--
      this.house.receive(1, `ACK ${request.id} ${this.#answer(request)}`)
      this.house.settle()
    }
  }

  #answer(request: Request): string {
    const { token, path, method } = request
    if (method === 'GET' && !request.line.includes('Observe=')) this.asked.push(path)
    const content = (text: string) => {
      const observe = request.line.includes('Observe=0') ? 'Observe=2 ' : ''
      return `2.05 [${token}] ${observe}Content-Format=0 "${text}"`
    }
    if (path === '/3/0/3') return content(this.running)
    if (path === '/3/0/18') return this.hardware === undefined ? `4.04 [${token}]` : content(this.hardware)
    if (path === this.object) return `2.05 [${token}] Content-Format=11542 <${this.#tlv()}>`
    const resource = Number(path.slice(this.object.length + 1))
    const { shape } = this
    if (method === 'GET') return content(String(resource === shape.state ? this.state : this.result))
    return `${this.#command(resource, request)} [${token}]${request.block === undefined ? '' : ` Block1=${request.block.text}`}`
  }

  #command(resource: number, request: Request): string {
    const { shape } = this
    switch (resource) {
      case shape.package:
        return this.#take(request)
      case shape.uri: {
        const uri = /"(.*)"$/.exec(request.line)?.[1] ?? ''
        this.log.push(uri === '' ? 'reset' : 'uri')
        this.uri = uri
        this.state = uri === '' ? 0 : 1
        return '2.04'
      }
      case shape.install:
        this.log.push('install')
        if (this.state !== this.#ready) return '4.05'
        if (this.shape.activate === undefined) this.state = 3
        return '2.04'
      case shape.cancel:
        return this.#cancel(request.line)
      case shape.activate:
        this.log.push('activate')
        this.active = true
        return '2.04'
      default:
        return '4.04'
    }
  }

  get #ready(): number {
    return this.shape.activate === undefined ? 2 : 3
  }

  #cancel(line: string): string {
    const argument = /"(\d)"$/.exec(line)?.[1] ?? ''
    this.log.push(`cancel${argument}`)
    if (!this.hasCancel) return '4.05'
    this.state = 0
    this.staged = 0
    return '2.04'
  }

  #take({ block, line }: Request): string {
    // One zero octet is how `testBody` begins.
    if (block === undefined && line.endsWith(' {0..1}')) {
      this.log.push('nul')
      this.state = 0
      this.staged = 0
      return '2.04'
    }
    const { offset, more, size } = block ?? { offset: 0, more: false, size: 64 }
    if (offset === 0) {
      this.log.push('package')
      if (this.state !== 0) return '4.00'
      this.staged = 0
      this.state = 1
    }
    if (offset !== this.staged) {
      this.log.push('gap')
      return '4.08'
    }
    this.staged += size
    this.octets += size
    if (more) return '2.31'
    this.state = this.#ready
    this.log.push('whole')
    return '2.04'
  }

  #tlv(): string {
    const { shape } = this
    const entries: [number, string | number | boolean][] = [
      [shape.state, this.state],
      [shape.result, this.result],
    ]
    if (shape.activate === undefined) entries.push([shape.uri, this.uri])
    if (shape.delivery !== undefined) entries.push([shape.delivery, this.delivery])
    if (shape.version !== undefined) entries.push([shape.version, this.packageVersion])
    if (shape.running !== undefined) entries.push([shape.running, this.running])
    if (shape.active !== undefined) entries.push([shape.active, this.active])
    return entries.map(([id, value]) => tlv(id, value)).join('')
  }
}

function tlv(id: number, value: string | number | boolean): string {
  const octets = typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.of(Number(value))
  const hex = (number: number) => number.toString(16).padStart(2, '0')
  const head = octets.length < 8 ? hex(0xc0 + octets.length) + hex(id) : `c8${hex(id)}${hex(octets.length)}`
  return head + Array.from(octets, hex).join('')
}

/** Undefined for what is no request. */
function requestOf(line: string): Request | undefined {
  const [, id, method, token] = /^CON (\d+) (GET|PUT|POST) \[(\w*)\]/.exec(line) ?? []
  if (id === undefined || method === undefined) return undefined
  const path = Array.from(line.matchAll(/ \/(\w+)/g), ([, segment]) => `/${segment}`).join('')
  const [, number, more, size] = / Block1=(\d+)\/(\d)\/(\d+)/.exec(line) ?? []
  const block =
    number === undefined
      ? undefined
      : {
          offset: Number(number) * Number(size),
          more: more === '1',
          size: Number(size),
          text: `${number}/${more}/${size}`,
        }
  return { id, method, token: token ?? '', path, line, block }
}

export const size = 4096
const image = {
  sha256: 'ab'.repeat(32),
  key: 'ab'.repeat(6),
  size,
  version: '2.0.0',
  product: 'valve',
  addedAt: new EngineHarness().now,
  format: 'opaque' as const,
}
const settings = { 'firmware.health-window': 0 }

/** What is to be there before the update is begun; what it is begun with besides. */
type Before = (
  house: EngineHarness,
  deviceId: number,
) => Partial<Pick<Extract<Command, { command: 'firmware.start' }>, 'campaign'>>

/** A device that has registered, and an update of it to version 2.0.0 begun. */
export async function begin(
  change: (device: PackageDevice) => void = () => undefined,
  { target = '/5/0', before = () => ({}), ...wish }: Partial<UpdateWish> & { readonly before?: Before } = {},
) {
  const house = new EngineHarness(settings)
  const { journey } = wish
  const legs = journey === undefined ? [image] : [journey.leg, ...journey.onward]
  for (const leg of legs) {
    for (const { sha256, size: octets } of [leg, packageOf(leg)]) {
      house.images.set(imageKeyOf(sha256), bodySource(testBody.subarray(0, octets)))
    }
  }
  const device = new PackageDevice(house, target)
  change(device)
  device.register()
  const more = before(house, house.store.device('urn:dev:a')!.device.id)
  await house.command({ command: 'firmware.start', endpoint: 'urn:dev:a', image, target, ...wish, ...more })
  device.pump()
  const update = () => house.store.updates(house.store.device('urn:dev:a')?.device.id, 1)[0]!
  return { house, device, update, image }
}
