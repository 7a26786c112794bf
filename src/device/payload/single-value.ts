/**
 * text/plain (0), opaque (42) and single-value CBOR (60): the formats that carry exactly one resource
 * value (LwM2M Core 1.1 §7.4.1–7.4.3). No paths on the wire, so the caller says which type it is.
 */
import { decode as decodeCbor, Encoder, Tag } from 'cbor-x'
import { fits, type LeafValue, type ResourceType } from './leaf.ts'

const cbor = new Encoder({ useRecords: false, tagUint8Array: false })

export function encodeText(type: ResourceType, value: LeafValue): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(Buffer.from(value).toString('base64'))
  if (type === 'boolean') return Buffer.from(value === true ? '1' : '0')
  return Buffer.from(String(value))
}

export function decodeText(type: ResourceType, payload: Uint8Array): LeafValue | undefined {
  const text = Buffer.from(payload).toString('utf8')
  switch (type) {
    case 'string':
      return text
    case 'integer':
    case 'time':
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
    case 'float':
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === '1' ? true : text === '0' ? false : undefined
    case 'opaque':
      return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined
    case 'objlnk':
      return fits('objlnk', text) ? text : undefined
  }
}

/** A time is tagged as seconds since 1970 (RFC 8949 §3.4.2); Leshan reads no other. */
export function encodeSingleCbor(type: ResourceType, value: LeafValue): Buffer {
  return Buffer.from(cbor.encode(type === 'time' ? new Tag(value, 1) : value))
}

export function decodeSingleCbor(type: ResourceType, payload: Uint8Array): LeafValue | undefined {
  const value = cborValue(payload)
  return value !== undefined && fits(type, value) ? value : undefined
}

function cborValue(payload: Uint8Array): LeafValue | undefined {
  let value: unknown
  try {
    value = decodeCbor(payload)
  } catch {
    return undefined
  }
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return Math.floor(value.getTime() / 1000)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined
}
