/**
 * One datagram as a person reads it: type, code and options by name. Decoded by the package `coap-packet`,
 * so that a server of ours is looked at with other eyes than its own.
 */
import { parse } from 'coap-packet'
import { mediaTypeOf } from './content-formats.ts'

export interface OptionText {
  readonly name: string
  readonly value: string
}

export interface Datagram {
  readonly type: 'CON' | 'NON' | 'ACK' | 'RST'
  /** `2.05` */
  readonly code: string
  readonly codeName?: string | undefined
  readonly messageId: number
  /** Hex. */
  readonly token: string
  readonly options: readonly OptionText[]
}

/** Undefined where it is no CoAP. */
export function datagramOf(octets: Buffer): Datagram | undefined {
  try {
    const { confirmable, ack, reset, code, messageId, token, options } = parse(octets)
    return {
      type: confirmable ? 'CON' : ack ? 'ACK' : reset ? 'RST' : 'NON',
      code,
      codeName: codeNames[code],
      messageId,
      token: token.toString('hex'),
      options: options.map(({ name, value }) => ({ name: String(name), value: optionText(String(name), value) })),
    }
  } catch {
    return undefined
  }
}

const uints = new Set([
  'Observe',
  'Uri-Port',
  'Content-Format',
  'Max-Age',
  'Hop-Limit',
  'Accept',
  'Size2',
  'Size1',
  'No-Response',
])
const texts = new Set([
  'Uri-Host',
  'Location-Path',
  'Uri-Path',
  'Uri-Query',
  'Location-Query',
  'Proxy-Uri',
  'Proxy-Scheme',
])

/** The value of an option as RFC 7252 §5.10 and RFC 7959 §2.2 write it; hex where its form is not known. */
export function optionText(name: string, value: Buffer): string {
  if (texts.has(name)) return value.toString('utf8')
  const isBlock = name === 'Block1' || name === 'Block2'
  if (name === 'If-None-Match') return ''
  if ((!isBlock && !uints.has(name)) || value.length > 4) return `0x${value.toString('hex')}`
  const number = value.length === 0 ? 0 : value.readUIntBE(0, value.length)
  if (isBlock) return `${number >>> 4}/${(number >> 3) & 1}/${(number & 7) === 7 ? 'reserved' : 16 << (number & 7)}`
  const media = name === 'Content-Format' || name === 'Accept' ? mediaTypeOf(number) : undefined
  return media === undefined ? String(number) : `${number} (${media})`
}

/** RFC 7252 §12.1 and the RFCs after it. */
export const codeNames: Readonly<Record<string, string>> = {
  '0.01': 'GET',
  '0.02': 'POST',
  '0.03': 'PUT',
  '0.04': 'DELETE',
  '0.05': 'FETCH',
  '0.06': 'PATCH',
  '0.07': 'iPATCH',
  '2.01': 'Created',
  '2.02': 'Deleted',
  '2.03': 'Valid',
  '2.04': 'Changed',
  '2.05': 'Content',
  '2.31': 'Continue',
  '4.00': 'Bad Request',
  '4.01': 'Unauthorized',
  '4.02': 'Bad Option',
  '4.03': 'Forbidden',
  '4.04': 'Not Found',
  '4.05': 'Method Not Allowed',
  '4.06': 'Not Acceptable',
  '4.08': 'Request Entity Incomplete',
  '4.09': 'Conflict',
  '4.12': 'Precondition Failed',
  '4.13': 'Request Entity Too Large',
  '4.15': 'Unsupported Content-Format',
  '4.22': 'Unprocessable Entity',
  '4.29': 'Too Many Requests',
  '5.00': 'Internal Server Error',
  '5.01': 'Not Implemented',
  '5.02': 'Bad Gateway',
  '5.03': 'Service Unavailable',
  '5.04': 'Gateway Timeout',
  '5.05': 'Proxying Not Supported',
  '5.08': 'Hop Limit Reached',
}
