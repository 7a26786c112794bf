/** A payload for people: by its Content-Format where that is known and true, else text or octets. */
import { printable, type Paint } from '../style.ts'
import { tableText } from '../table.ts'
import { decodeCbor, diagnosticText } from './cbor-diagnostic.ts'
import { notationOf, type Notation } from './content-formats.ts'
import { hexDump } from './hex-dump.ts'
import { linkColumns, linkRows } from './links.ts'
import { senmlColumns, senmlRows } from './senml.ts'

export interface Look {
  readonly paint: Paint
  /** Characters a line may have; undefined: any. */
  readonly width?: number | undefined
}

/** Lines, each with its newline; none for an empty payload. */
export function payloadText(payload: Uint8Array, contentFormat: number | undefined, look: Look): string {
  if (payload.length === 0) return ''
  const notation = notationOf(contentFormat)
  const shown = notation === undefined ? undefined : shownAs[notation](payload, look)
  return shown ?? textOrOctets(payload, notation === undefined && contentFormat !== undefined)
}

const shownAs: Readonly<Record<Notation, (payload: Uint8Array, look: Look) => string | undefined>> = {
  text: (payload) => textOf(payload),
  octets: (payload) => hexDump(payload),
  json(payload) {
    const json = jsonOf(payload)
    return json && `${printableLines(JSON.stringify(json.value, null, 2))}\n`
  },
  cbor(payload) {
    const cbor = decodeCbor(payload)
    return cbor && `${printableLines(diagnosticText(cbor.value))}\n`
  },
  'senml-json': (payload, look) => senmlTable(jsonOf(payload), look) ?? shownAs.json(payload, look),
  'senml-cbor': (payload, look) => senmlTable(decodeCbor(payload), look) ?? shownAs.cbor(payload, look),
  links(payload, { paint, width }) {
    const rows = linkRows(Buffer.from(payload).toString('utf8'))
    return rows && tableText(rows, linkColumns, { paint, width })
  },
}

/** The same for programs: what JSON can say of it; octets as hex. */
export function jsonOfPayload(payload: Uint8Array, contentFormat: number | undefined): unknown {
  const notation = notationOf(contentFormat)
  if (payload.length === 0) return null
  if (notation === 'json' || notation === 'senml-json') return jsonOf(payload)?.value ?? textOf(payload) ?? null
  if (notation === 'links') return linkRows(Buffer.from(payload).toString('utf8')) ?? textOf(payload) ?? null
  if (notation === 'senml-cbor') {
    const cbor = decodeCbor(payload)
    return (cbor && senmlRows(cbor.value)) ?? (cbor ? diagnosticText(cbor.value) : null)
  }
  if (notation === 'cbor') {
    const cbor = decodeCbor(payload)
    return cbor ? diagnosticText(cbor.value) : null
  }
  return textOf(payload)?.replace(/\n$/, '') ?? Buffer.from(payload).toString('hex')
}

function senmlTable(decoded: { readonly value: unknown } | undefined, { paint, width }: Look): string | undefined {
  const rows = decoded && senmlRows(decoded.value)
  return rows && tableText(rows, senmlColumns, { paint, width })
}

function jsonOf(payload: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(Buffer.from(payload).toString('utf8')) as unknown }
  } catch {
    return undefined
  }
}

/** Text where it is text and nobody said that it is something else. */
function textOrOctets(payload: Uint8Array, isSomethingElse: boolean): string {
  return (isSomethingElse ? undefined : textOf(payload)) ?? hexDump(payload)
}

/** Undefined where it is not UTF-8, or holds what text does not. */
function textOf(payload: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
    // eslint-disable-next-line no-control-regex -- because control characters tell octets from text
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001a]/.test(text)) return undefined
    return `${printableLines(text).trimEnd()}\n`
  } catch {
    return undefined
  }
}

function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll('\t', '    ')))
    .join('\n')
}
