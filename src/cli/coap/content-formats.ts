/** Content-Formats by the names people use (RFC 7252 §12.3), and what there is to know of a number. */
import { usageFailure } from '../failure.ts'

/** What a payload is shown as. */
export type Notation = 'text' | 'json' | 'cbor' | 'senml-json' | 'senml-cbor' | 'links' | 'octets'

interface ContentFormat {
  readonly name: string
  readonly number: number
  readonly mediaType: string
  readonly notation: Notation
}

const row = (name: string, number: number, mediaType: string, notation: Notation): ContentFormat => ({
  name,
  number,
  mediaType,
  notation,
})

const known: readonly ContentFormat[] = [
  row('text', 0, 'text/plain', 'text'),
  row('link-format', 40, 'application/link-format', 'links'),
  row('xml', 41, 'application/xml', 'text'),
  row('octets', 42, 'application/octet-stream', 'octets'),
  row('json', 50, 'application/json', 'json'),
  row('cbor', 60, 'application/cbor', 'cbor'),
  row('senml-json', 110, 'application/senml+json', 'senml-json'),
  row('senml-cbor', 112, 'application/senml+cbor', 'senml-cbor'),
  row('senml-etch-json', 320, 'application/senml-etch+json', 'senml-json'),
  row('senml-etch-cbor', 322, 'application/senml-etch+cbor', 'senml-cbor'),
  row('tlv', 11542, 'application/vnd.oma.lwm2m+tlv', 'octets'),
  row('lwm2m-json', 11543, 'application/vnd.oma.lwm2m+json', 'json'),
  row('lwm2m-cbor', 11544, 'application/vnd.oma.lwm2m+cbor', 'cbor'),
]

/** The number of `senml-cbor`, `application/senml+cbor` or `112`. Throws CommandFailure for what is none. */
export function contentFormatOf(flag: string, text: string): number {
  const format = known.find(({ name, mediaType }) => name === text || mediaType === text)
  if (format !== undefined) return format.number
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw usageFailure(
    `${flag} '${text}' is no content format`,
    `a number, or one of ${known.map(({ name }) => name).join(', ')}`,
  )
}

export function mediaTypeOf(number: number): string | undefined {
  return known.find((format) => format.number === number)?.mediaType
}

/** Undefined where nobody said, or nothing is known of it. */
export function notationOf(number: number | undefined): Notation | undefined {
  return known.find((format) => format.number === number)?.notation
}
