/** ClientKeyExchange: an identity (RFC 4279 §2), a point (RFC 8422 §5.7), or both (RFC 5489 §2). */
import { noBytes, type Bytes } from '../../base/bytes.ts'
import type { KeyExchangeName } from '../suites.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface ClientKeyExchange {
  readonly identity: Bytes
  readonly point: Bytes
}

export function decodeClientKeyExchange(body: Bytes, keyExchange: KeyExchangeName): ClientKeyExchange | undefined {
  const reader = new Reader(body)
  const identity = keyExchange === 'ecdhe-ecdsa' ? noBytes : reader.vector16()
  const point = keyExchange === 'psk' ? noBytes : reader.vector8()
  return reader.finished ? { identity, point } : undefined
}

export function encodeClientKeyExchange(exchange: ClientKeyExchange, keyExchange: KeyExchangeName): Bytes {
  const writer = new Writer(64)
  if (keyExchange !== 'ecdhe-ecdsa') writer.vector16(exchange.identity)
  if (keyExchange !== 'psk') writer.vector8(exchange.point)
  return writer.done()
}
