/** The list of extensions in a hello (RFC 5246 §7.4.1.4): framing, and that none comes twice. */
import type { Bytes } from '../../../base/bytes.ts'
import { dtlsFault, type DtlsFault } from '../../faults.ts'
import { Reader } from '../reader.ts'
import { Writer } from '../writer.ts'

/** Instead of what an extension says, where it says something that may not be said. */
export const illegalValue: unique symbol = Symbol('illegal value')

/** Bodies by extension number; views of the hello. */
export type ExtensionMap = ReadonlyMap<number, Bytes>

/** Reads an optional extensions block that must end the message. */
export function decodeExtensionList(reader: Reader): ExtensionMap | DtlsFault {
  const extensions = new Map<number, Bytes>()
  if (reader.finished) return extensions // a hello may have none at all
  const list = new Reader(reader.vector16())
  if (!reader.finished) return dtlsFault('message-malformed', 'octets after the extensions')
  while (list.remaining > 0) {
    const type = list.uint16()
    const body = list.vector16()
    if (list.failed) return dtlsFault('extension-malformed', 'an extension is cut off')
    if (extensions.has(type)) return dtlsFault('extension-repeated', `extension ${type}`)
    extensions.set(type, body)
  }
  return extensions
}

export function encodeExtensionList(writer: Writer, extensions: readonly (readonly [number, Bytes])[]): void {
  if (extensions.length === 0) return
  const list = new Writer(128)
  for (const [type, body] of extensions) list.uint16(type).vector16(body)
  writer.vector16(list.done())
}
