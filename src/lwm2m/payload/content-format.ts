/**
 * The content formats LwM2M payloads come in, by number and by the name operators use. Knows which
 * enabler version has which; decodes nothing.
 */
import type { EnablerVersion } from '../model/library.ts'

/** CoAP Content-Formats registry; LwM2M Core 1.2 §7.4. */
export const format = {
  text: 0,
  link: 40,
  opaque: 42,
  cbor: 60,
  senmlJson: 110,
  senmlCbor: 112,
  senmlEtchJson: 320,
  senmlEtchCbor: 322,
  tlv: 11542,
  json: 11543,
  lwm2mCbor: 11544,
} as const

export type FormatNumber = (typeof format)[keyof typeof format]

const names: Readonly<Record<FormatNumber, string>> = {
  [format.text]: 'text',
  [format.link]: 'link',
  [format.opaque]: 'opaque',
  [format.cbor]: 'cbor',
  [format.senmlJson]: 'senml-json',
  [format.senmlCbor]: 'senml-cbor',
  [format.senmlEtchJson]: 'senml-etch-json',
  [format.senmlEtchCbor]: 'senml-etch-cbor',
  [format.tlv]: 'tlv',
  [format.json]: 'json',
  [format.lwm2mCbor]: 'lwm2m-cbor',
}

/** Numbers used before 11542 and 11543 were registered (LwM2M 1.0 drafts). */
const legacy: Readonly<Record<number, FormatNumber>> = {
  1541: format.text,
  1542: format.tlv,
  1543: format.json,
  1544: format.opaque,
}

/** The format `number` stands for, drafts' numbers included; undefined for any other. */
export function formatOf(number: number): FormatNumber | undefined {
  return legacy[number] ?? (number in names ? (number as FormatNumber) : undefined)
}

export function isLegacyFormat(number: number): boolean {
  return number in legacy
}

export function formatName(number: FormatNumber): string {
  return names[number]
}

/** The format with this name, or with this number in digits. */
export function formatNamed(text: string): FormatNumber | undefined {
  if (/^\d{1,5}$/.test(text)) return formatOf(Number(text))
  const found = Object.entries(names).find(([, name]) => name === text.toLowerCase())
  return found && (Number(found[0]) as FormatNumber)
}

export const formatNames: readonly string[] = Object.values(names)

/**
 * What every device of a version can read and write, best first: TLV in 1.0, where nothing else is
 * mandatory; text, opaque and link from 1.1 on (LwM2M Core 1.1 §7.4).
 */
export const assumedFormats: Readonly<Record<EnablerVersion, readonly FormatNumber[]>> = {
  '1.0': [format.tlv, format.text, format.opaque],
  '1.1': [format.text, format.opaque],
  '1.2': [format.text, format.opaque],
}
