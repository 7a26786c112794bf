/**
 * What a certificate says its key is for (RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.12), as far as `node:crypto` does not
 * tell: read out of its DER, which was parsed by OpenSSL before. Knows no path and no peer.
 */
import { hexOf, type Bytes } from '../base/bytes.ts'

export interface CertificateConstraints {
  /** keyUsage lets the key sign; where there is none, anything goes. */
  readonly maySign: boolean
  /** Intermediate authorities there may be below it; infinite where it does not say. */
  readonly pathLength: number
  /** Something critical is not understood here: the certificate has to be refused (RFC 5280 §4.2). */
  readonly isStrange: boolean
}

const universal = { boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30 }
/** [3] EXPLICIT Extensions. */
const extensionsTag = 0xa3
const keyUsageId = '551d0f'
const basicConstraintsId = '551d13'
/** Beside these two: subjectAltName, issuerAltName, certificatePolicies, extendedKeyUsage; names are not held to constraints. */
const understood: ReadonlySet<string> = new Set([
  keyUsageId,
  basicConstraintsId,
  '551d11',
  '551d12',
  '551d20',
  '551d25',
])
/** digitalSignature, the first bit (RFC 5280 §4.2.1.3). */
const digitalSignature = 0x80

/** Throws `TypeError` where it is no certificate. */
export function constraintsOf(der: Bytes): CertificateConstraints {
  const extensions = extensionsOf(der)
  const keyUsage = extensions.get(keyUsageId)?.value
  const basic = extensions.get(basicConstraintsId)?.value
  // BIT STRING: the number of unused bits comes first
  const bits = keyUsage === undefined ? undefined : contentOf(keyUsage, universal.bitString)[1]
  return {
    maySign: bits === undefined ? keyUsage === undefined : (bits & digitalSignature) !== 0,
    pathLength: basic === undefined ? Number.POSITIVE_INFINITY : pathLengthOf(basic),
    isStrange: [...extensions].some(([id, { isCritical }]) => isCritical && !understood.has(id)),
  }
}

interface Extension {
  readonly isCritical: boolean
  /** extnValue. */
  readonly value: Bytes
}

/** By extnID in hex. */
function extensionsOf(der: Bytes): ReadonlyMap<string, Extension> {
  const [body] = elementsOf(contentOf(der, universal.sequence))
  const fields = elementsOf(contentOf(body?.whole, universal.sequence))
  const list = fields.find(({ tag }) => tag === extensionsTag)
  const found = new Map<string, Extension>()
  if (list === undefined) return found
  for (const { whole } of elementsOf(contentOf(list.content, universal.sequence))) {
    const parts = elementsOf(contentOf(whole, universal.sequence))
    const id = contentOf(parts[0]?.whole, universal.oid)
    const isCritical = parts[1]?.tag === universal.boolean && parts[1].content[0] !== 0
    found.set(hexOf(id), { isCritical, value: contentOf(parts.at(-1)?.whole, universal.octetString) })
  }
  return found
}

function pathLengthOf(basicConstraints: Bytes): number {
  const fields = elementsOf(contentOf(basicConstraints, universal.sequence))
  const length = fields.find(({ tag }) => tag === universal.integer)
  if (length === undefined) return Number.POSITIVE_INFINITY
  return length.content.reduce((value, octet) => value * 256 + octet, 0)
}

interface Element {
  readonly tag: number
  readonly whole: Bytes
  readonly content: Bytes
}

/** The content of `whole`, which must be one element with that tag. */
function contentOf(whole: Bytes | undefined, tag: number): Bytes {
  const [element] = whole === undefined ? [] : elementsOf(whole)
  if (element?.tag !== tag) throw new TypeError('not the DER of a certificate')
  return element.content
}

function elementsOf(der: Bytes): readonly Element[] {
  const elements: Element[] = []
  for (let at = 0; at < der.length;) {
    const { start, end } = extentOf(der, at)
    elements.push({ tag: der[at]!, whole: der.subarray(at, end), content: der.subarray(start, end) })
    at = end
  }
  return elements
}

/** Where the content of the element at `at` begins and ends (X.690 §8.1.3). */
function extentOf(der: Bytes, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1] ?? 0x80
  const octets = first < 0x80 ? 0 : first & 0x7f
  let length = octets === 0 ? first : 0
  for (let i = 0; i < octets; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const start = at + 2 + octets
  if (first === 0x80 || octets > 3 || start + length > der.length) throw new TypeError('not the DER of a certificate')
  return { start, end: start + length }
}
