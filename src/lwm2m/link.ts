/**
 * Link format (RFC 6690) as devices write it: read leniently, with what was odd about it; written
 * strictly. Knows targets and attributes, not what LwM2M makes of them.
 */
import type { Fault } from '../base/fault.ts'
import type { QuirkSet } from './quirks.ts'

export interface Link {
  /** As sent, between the angle brackets. */
  readonly target: string
  /** The first value of each attribute; '' for one without a value. */
  readonly attributes: ReadonlyMap<string, string>
}

/** Links in one list beyond which it is refused. */
export const linkLimit = 4096
/** Attributes of one link beyond which the list is refused. */
export const linkAttributeLimit = 64

/** Total on any text. Broken is only what cannot be told apart: a target or a quoted text without its end. */
export function parseLinks(text: string, quirks: QuirkSet): readonly Link[] | Fault {
  const reader = new LinkReader(withoutEnd(text, quirks), quirks)
  const links: Link[] = []
  for (;;) {
    reader.skipSeparators(links.length === 0)
    if (reader.atEnd) return links
    if (links.length === linkLimit) return { fault: 'links.too-many', detail: `more than ${linkLimit} links` }
    const link = reader.link()
    if ('fault' in link) return link
    links.push(link)
  }
}

/** The zero that ends a text in C is no part of it. */
function withoutEnd(text: string, quirks: QuirkSet): string {
  if (!text.endsWith('\0')) return text
  quirks.add('links.separator')
  return text.replace(/\0+$/, '')
}

/** A comma that ends a link: another one follows, or nothing. */
const separator = /,\s*(?:<|$)/y

class LinkReader {
  readonly #text: string
  readonly #quirks: QuirkSet
  #at = 0

  constructor(text: string, quirks: QuirkSet) {
    this.#text = text
    this.#quirks = quirks
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** One comma stands between links; blanks are harmless, more commas are odd. */
  skipSeparators(first: boolean): void {
    let commas = first ? 1 : 0
    for (; !this.atEnd; this.#at++) {
      const sign = this.#text[this.#at]!
      if (sign === ',' || sign === ';') commas++
      else if (!/\s/.test(sign)) break
    }
    if (commas !== 1 && !this.atEnd) this.#quirks.add('links.separator')
  }

  link(): Link | Fault {
    const end = this.#text[this.#at] === '<' ? this.#text.indexOf('>', this.#at) : -1
    if (end < 0) return this.#broken('expected <target>')
    const target = this.#text.slice(this.#at + 1, end).trim()
    this.#at = end + 1
    const attributes = new Map<string, string>()
    for (let count = 0; ; count++) {
      this.#skipBlanks()
      if (this.#text[this.#at] !== ';') return { target, attributes }
      if (count === linkAttributeLimit) return this.#broken(`more than ${linkAttributeLimit} attributes`)
      this.#at++
      const fault = this.#attribute(attributes)
      if (fault !== undefined) return fault
    }
  }

  #attribute(attributes: Map<string, string>): Fault | undefined {
    this.#skipBlanks()
    const name = this.#take(/[^=;,<\s]*/y)
    this.#skipBlanks()
    let value = ''
    if (this.#text[this.#at] === '=') {
      this.#at++
      this.#skipBlanks()
      const read = this.#text[this.#at] === '"' ? this.#quoted() : this.#unquoted()
      if (typeof read !== 'string') return read
      value = read
    }
    if (name === '') {
      this.#quirks.add('links.separator')
      return undefined
    }
    const known = attributes.get(name)
    if (known === undefined) attributes.set(name, value)
    else if (known !== value) {
      // `ct=110;ct=112`: what a list would have said (RFC 7252 §7.2.1).
      this.#quirks.add('links.attribute-twice')
      attributes.set(name, `${known} ${value}`)
    }
    return undefined
  }

  #quoted(): string | Fault {
    let value = ''
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      const sign = this.#text[i]!
      if (sign === '"') {
        this.#at = i + 1
        return value
      }
      value += sign === '\\' ? (this.#text[++i] ?? '') : sign
    }
    return this.#broken('quoted text without an end')
  }

  /** Up to the next separator; a comma that no new link follows belongs to the value. */
  #unquoted(): string {
    let value = this.#take(/[^;,]*/y)
    while (this.#text[this.#at] === ',' && !this.#isSeparator()) {
      this.#at++
      value += `,${this.#take(/[^;,]*/y)}`
    }
    if (/[\s,]/.test(value.trim())) this.#quirks.add('links.unquoted')
    return value.trim()
  }

  #isSeparator(): boolean {
    separator.lastIndex = this.#at
    return separator.test(this.#text)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const taken = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += taken.length
    return taken
  }

  #skipBlanks(): void {
    while (!this.atEnd && /\s/.test(this.#text[this.#at]!)) this.#at++
  }

  #broken(what: string): Fault {
    const here = this.#text.slice(this.#at, this.#at + 20).replaceAll(/[^\x20-\x7e]/g, '?')
    return { fault: 'links.syntax', detail: `${what} at octet ${this.#at}: '${here}'` }
  }
}

/** Attribute values that are plain numbers or version numbers need no quotation marks (RFC 6690 §2). */
export function formatLinks(links: readonly Link[]): string {
  return links
    .map(({ target, attributes }) => {
      const parts = [...attributes].map(([name, value]) => {
        if (value === '') return `;${name}`
        return /^[\w.+-]+$/.test(value) ? `;${name}=${value}` : `;${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`
      })
      return `<${target}>${parts.join('')}`
    })
    .join(',')
}
