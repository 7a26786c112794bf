/** A device's configuration as `/config` gives it: JSON or CBOR of the same document, each with its tag. */
import type { Bytes } from '../../base/bytes.ts'
import { utf8 } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import { response as codes } from '../../coap/codes.ts'
import { contentFormat } from '../../coap/content-formats.ts'
import type { OutboundResponse } from '../../coap/types.ts'
import type { Configuration } from '../../fleet/configuration/types.ts'
import { CborWriter } from '../../lwm2m/payload/cbor.ts'

/** What a device may ask for by Accept; the first where it does not say. */
export const configurationFormats: readonly number[] = [contentFormat.json, contentFormat.cbor]

/** The answer to a GET, and what an observer is told `toldAt`; 4.04 where there is none, which ends an observation. */
export function configurationResponse(
  configuration: Configuration | undefined,
  format: number,
  toldAt: Instant | undefined,
): OutboundResponse {
  if (configuration === undefined) return { code: codes.notFound }
  const { document, changedAt } = configuration
  return {
    code: codes.content,
    contentFormat: format,
    payload: format === contentFormat.cbor ? cborOf(JSON.parse(document)) : utf8(document),
    etag: tagOf(changedAt, format),
    ...(toldAt === undefined ? {} : { observe: sequenceOf(toldAt, changedAt), observerIsKept: true as const }),
  }
}

/** RFC 7641 §4.4: greater each time something is said, be it the same again; milliseconds are fine enough for that. */
function sequenceOf(toldAt: Instant, changedAt: Instant): number {
  return Math.max(Math.ceil(toldAt), changedAt) % 2 ** 24
}

/** Six octets of the time of the change and one of the format: another tag for each representation. */
function tagOf(changedAt: number, format: number): Bytes {
  const tag = new Uint8Array(7)
  const view = new DataView(tag.buffer)
  view.setUint16(0, Math.floor(changedAt / 2 ** 32))
  view.setUint32(2, changedAt % 2 ** 32)
  tag[6] = format
  return tag
}

function cborOf(document: unknown): Bytes {
  const writer = new CborWriter()
  write(writer, document)
  return writer.finish()
}

function write(writer: CborWriter, value: unknown): void {
  if (typeof value === 'string') writer.text(value)
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value)
    else writer.float(value)
  } else if (Array.isArray(value)) {
    writer.array(value.length)
    for (const item of value as readonly unknown[]) write(writer, item)
  } else if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value)
    writer.map(pairs.length)
    for (const [key, item] of pairs) {
      writer.text(key)
      write(writer, item)
    }
  } else writer.null()
}
