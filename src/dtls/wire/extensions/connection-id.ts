/** connection_id (RFC 9146 §3): the CID its sender wants to find on records it receives; may be empty. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'
import { Writer } from '../writer.ts'

export const connectionIdExtension = 54
/** The draft before its version 09, with the old MAC; Californium 2. */
export const connectionIdDraftExtension = 53
/** A private number of Mbed TLS 2.28 to 3.2, with the old MAC. */
export const connectionIdPrivateExtension = 254

export function decodeConnectionId(body: Bytes): Bytes | undefined {
  const reader = new Reader(body)
  const cid = reader.vector8()
  return reader.finished ? cid : undefined
}

export function encodeConnectionId(cid: Bytes): Bytes {
  return new Writer(1 + cid.length).vector8(cid).done()
}
