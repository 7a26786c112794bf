/** HelloVerifyRequest (RFC 6347 §4.2.1). */
import type { Bytes } from '../../base/bytes.ts'
import { Reader } from './reader.ts'
import { version } from './record.ts'
import { Writer } from './writer.ts'

/** The cookie, or undefined where malformed. */
export function decodeHelloVerifyRequest(body: Bytes): Bytes | undefined {
  const reader = new Reader(body)
  reader.uint16() // the version here means nothing (RFC 6347 §4.2.1)
  const cookie = reader.vector8()
  return reader.finished ? cookie : undefined
}

/** DTLS 1.0 as its version, whatever will be agreed: RFC 6347 §4.2.1 advises it. */
export function encodeHelloVerifyRequest(cookie: Bytes): Bytes {
  return new Writer(3 + cookie.length).uint16(version.dtls10).vector8(cookie).done()
}
