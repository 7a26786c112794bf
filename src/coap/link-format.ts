/**
 * CoRE Link Format (RFC 6690): text to links and back. Lenient where the meaning is clear, with a warning
 * that names the place; within limits, because registrations come from anywhere. Knows no resource.
 */
import { textOf, type Bytes } from '../base/bytes.ts'
import type { Fault } from '../base/fault.ts'

export interface LinkAttribute {
  readonly name: string
  /** Undefined where the attribute is a mere flag (`obs`). */
  readonly value: string | undefined
}

export interface Link {
  /** What stands between the angle brackets, as it stands there. */
  readonly target: string
  readonly attributes: readonly LinkAttribute[]
}

export interface LinkLimits {
  readonly links: number
  readonly attributesPerLink: number
}

/** Plenty for a device with a thousand object instances. */
export const defaultLinkLimits: LinkLimits = { links: 2048, attributesPerLink: 32 }

export interface ParsedLinks {
  readonly links: readonly Link[]
  /** What was odd but understood; short, for a quirk record. */
  readonly warnings: readonly string[]
}

export interface LinkFault extends Fault {
  readonly fault: 'links-not-utf8' | 'links-malformed' | 'links-over-limit'
}

/** The value of the first attribute of that name; '' for a flag, undefined where there is none. */
export function attributeOf(link: Link, name: string): string | undefined {
  const attribute = link.attributes.find((candidate) => candidate.name === name)
  return attribute === undefined ? undefined : (attribute.value ?? '')
}

/** Parses a payload; a fault where no meaning is left, or where it passes a limit. */
export function parseLinks(payload: Bytes | string, limits: LinkLimits = defaultLinkLimits): ParsedLinks | LinkFault {
  const text = typeof payload === 'string' ? payload : textOf(payload)
  return text === undefined ? { fault: 'links-not-utf8' } : new LinkParser(text, limits).parse()
}

const warningLimit = 8

/** Attributes that RFC 6690 §2 allows once a link; of more, the first counts. */
const single = new Set(['rt', 'if', 'sz', 'ct', 'ver', 'title', 'type', 'media', 'rel'])

class LinkParser {
  readonly #text: string
  readonly #limits: LinkLimits
  readonly #warnings: string[] = []
  #at = 0

  constructor(text: string, limits: LinkLimits) {
    this.#text = text
    this.#limits = limits
  }

  parse(): ParsedLinks | LinkFault {
    const links: Link[] = []
    this.#skipSpace()
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === ',') {
        this.#warn('comma without a link')
        this.#at++
      } else {
        if (links.length === this.#limits.links) return { fault: 'links-over-limit', detail: `${links.length} links` }
        const link = this.#link()
        if ('fault' in link) return link
        links.push(link)
        const next = this.#text[this.#at]
        if (next !== undefined && next !== ',') return this.#malformed('expected , or ;')
        this.#at++
        if (next === ',' && this.#at >= this.#text.length) this.#warn('comma at the end')
      }
      this.#skipSpace()
    }
    return { links, warnings: this.#warnings }
  }

  #link(): Link | LinkFault {
    if (this.#text[this.#at] !== '<') return this.#malformed('expected <')
    const close = this.#text.indexOf('>', this.#at)
    if (close < 0) return this.#malformed('< is never closed')
    const target = this.#text.slice(this.#at + 1, close)
    if (target.includes('<')) return this.#malformed('< within a target')
    this.#at = close + 1
    const attributes: LinkAttribute[] = []
    this.#skipSpace()
    while (this.#text[this.#at] === ';') {
      this.#at++
      if (attributes.length === this.#limits.attributesPerLink) {
        return { fault: 'links-over-limit', detail: `${attributes.length} attributes of ${target.slice(0, 40)}` }
      }
      const attribute = this.#attribute()
      if (attribute !== undefined && 'fault' in attribute) return attribute
      if (attribute !== undefined) this.#add(attributes, attribute)
    }
    return { target, attributes }
  }

  #add(attributes: LinkAttribute[], attribute: LinkAttribute): void {
    if (single.has(attribute.name) && attributes.some(({ name }) => name === attribute.name)) {
      this.#warn(`${attribute.name} more than once`)
    } else attributes.push(attribute)
  }

  #attribute(): LinkAttribute | LinkFault | undefined {
    this.#skipSpace()
    const name = this.#until('=;,').trimEnd()
    if (this.#text[this.#at] !== '=') {
      if (name === '') this.#warn('semicolon without an attribute')
      return name === '' ? undefined : { name, value: undefined }
    }
    this.#at++
    if (name === '') return this.#malformed('attribute without a name')
    this.#skipSpace()
    if (this.#text[this.#at] === '"') return this.#quoted(name)
    const value = this.#until(';,').trimEnd()
    if (/[\s"<>\\]/.test(value)) this.#warn(`${name} should be quoted`)
    return { name, value }
  }

  #quoted(name: string): LinkAttribute | LinkFault {
    let value = ''
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at]!
      if (character === '"') {
        this.#at = at + 1
        this.#skipSpace()
        return { name, value }
      }
      if (character === '\\' && at + 1 < this.#text.length) value += this.#text[++at]!
      else value += character
    }
    return this.#malformed('" is never closed')
  }

  #until(stops: string): string {
    const start = this.#at
    while (this.#at < this.#text.length && !stops.includes(this.#text[this.#at]!)) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && ' \t\r\n\0'.includes(this.#text[this.#at]!)) this.#at++
  }

  #warn(what: string): void {
    if (this.#warnings.length < warningLimit) this.#warnings.push(`${what} at ${this.#at}`)
  }

  #malformed(what: string): LinkFault {
    return { fault: 'links-malformed', detail: `${what} at ${this.#at}` }
  }
}

/** RFC 6690 §2; numbers stand bare, everything else is quoted. */
export function serializeLinks(links: readonly Link[]): string {
  return links.map(({ target, attributes }) => `<${target}>${attributes.map(serializeAttribute).join('')}`).join(',')
}

function serializeAttribute({ name, value }: LinkAttribute): string {
  if (value === undefined) return `;${name}`
  return /^[0-9]+(?:\.[0-9]+)?$/.test(value) ? `;${name}=${value}` : `;${name}="${value.replaceAll(/[\\"]/g, '\\$&')}"`
}

/** Attributes whose value is a list of words, any of which may match (RFC 6690 §4.1). */
const lists = new Set(['rt', 'if', 'rel', 'rev', 'ct'])

/**
 * The links that match every argument of a query: `rt=light`, `href=/sensors*`, `obs` (RFC 6690 §4.1). A
 * trailing `*` means "begins with".
 */
export function filterLinks(links: readonly Link[], query: readonly string[]): readonly Link[] {
  return query.length === 0 ? links : links.filter((link) => query.every((argument) => matches(link, argument)))
}

function matches(link: Link, argument: string): boolean {
  const equals = argument.indexOf('=')
  const name = equals < 0 ? argument : argument.slice(0, equals)
  const values = name === 'href' ? [link.target] : valuesOf(link, name)
  if (equals < 0) return values.length > 0
  const wanted = argument.slice(equals + 1)
  if (!wanted.endsWith('*')) return values.includes(wanted)
  const prefix = wanted.slice(0, -1)
  return values.some((value) => value.startsWith(prefix))
}

function valuesOf(link: Link, name: string): readonly string[] {
  const found = link.attributes.filter((attribute) => attribute.name === name).map(({ value }) => value ?? '')
  return lists.has(name) ? found.flatMap((value) => value.split(' ')) : found
}
