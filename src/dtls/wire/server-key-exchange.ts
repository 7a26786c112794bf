/**
 * ServerKeyExchange: an identity hint (RFC 4279 §2), ECDH parameters (RFC 8422 §5.4), or both (RFC 5489
 * §2); with ECDSA the parameters are signed.
 */
import { noBytes, type Bytes } from '../../base/bytes.ts'
import type { KeyExchangeName } from '../suites.ts'
import { numberOfGroup, type NamedGroup } from './extensions/supported-groups.ts'
import { Reader } from './reader.ts'
import { decodeSigned, type Signed } from './signed.ts'
import { Writer } from './writer.ts'

const namedCurve = 3

export interface ServerKeyExchange {
  readonly hint: Bytes
  /** IANA number of the group, where one is used. */
  readonly group: number | undefined
  readonly point: Bytes
  /** What the signature is over, behind the two randoms. */
  readonly parameters: Bytes
  readonly signed: Signed | undefined
}

export function decodeServerKeyExchange(body: Bytes, keyExchange: KeyExchangeName): ServerKeyExchange | undefined {
  const reader = new Reader(body)
  const hint = keyExchange === 'ecdhe-ecdsa' ? noBytes : reader.vector16()
  if (keyExchange === 'psk') {
    return reader.finished
      ? { hint, group: undefined, point: noBytes, parameters: noBytes, signed: undefined }
      : undefined
  }
  const parametersAt = reader.at
  const curveType = reader.uint8()
  const group = reader.uint16()
  const point = reader.vector8()
  if (reader.failed || curveType !== namedCurve) return undefined
  const parameters = body.subarray(parametersAt, reader.at)
  if (keyExchange === 'ecdhe-psk') {
    return reader.finished ? { hint, group, point, parameters, signed: undefined } : undefined
  }
  const signed = decodeSigned(reader)
  return signed === undefined ? undefined : { hint, group, point, parameters, signed }
}

/** ServerECDHParams. */
export function encodeEcdhParameters(group: NamedGroup, point: Bytes): Bytes {
  return new Writer(4 + point.length).uint8(namedCurve).uint16(numberOfGroup(group)).vector8(point).done()
}
