/** renegotiation_info (RFC 5746 §3.2): we never renegotiate, so the only right content is an empty one. */
import type { Bytes } from '../../../base/bytes.ts'

export const renegotiationInfoExtension = 0xff01
/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV: the same said as a cipher suite (RFC 5746 §3.3). */
export const renegotiationSignal = 0x00ff

/** Undefined where it speaks of an earlier handshake. */
export function decodeRenegotiationInfo(body: Bytes): true | undefined {
  return body.length === 1 && body[0] === 0 ? true : undefined
}

export function encodeRenegotiationInfo(): Bytes {
  return new Uint8Array([0])
}
