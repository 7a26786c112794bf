/** The content formats LwM2M payloads come in, by number and by the name operators use. Decodes nothing. */
import { contentFormat, modernContentFormat } from '../../coap/content-formats.ts'

/** Numbers of the formats LwM2M payloads come in (LwM2M Core 1.2 §7.4). */
export const format = {
  text: contentFormat.text,
  link: contentFormat.linkFormat,
  opaque: contentFormat.octetStream,
  cbor: contentFormat.cbor,
  senmlJson: contentFormat.senmlJson,
  senmlCbor: contentFormat.senmlCbor,
  senmlEtchJson: contentFormat.senmlEtchJson,
  senmlEtchCbor: contentFormat.senmlEtchCbor,
  tlv: contentFormat.lwm2mTlv,
  json: contentFormat.lwm2mJson,
  lwm2mCbor: contentFormat.lwm2mCbor,
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

/** The format `number` stands for, drafts' numbers included; undefined for any other. */
export function formatOf(number: number): FormatNumber | undefined {
  const modern = modernContentFormat(number)
  return modern in names ? (modern as FormatNumber) : undefined
}

/** Whether `number` is one of LwM2M drafts, before 11542 and 11543 were registered. */
export function isLegacyFormat(number: number): boolean {
  return modernContentFormat(number) !== number
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
