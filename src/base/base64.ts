/**
 * Base64 in its two alphabets (RFC 4648 §§4, 5): what JSON-shaped device payloads carry octets in.
 */
import type { Bytes } from './bytes.ts'

const standardAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const urlAlphabet = `${standardAlphabet.slice(0, 62)}-_`

/** Six-bit value of each ASCII character of either alphabet; 255 for any other. */
const sextets = new Uint8Array(128).fill(255)
for (let value = 0; value < 64; value++) {
  sextets[standardAlphabet.charCodeAt(value)] = value
  sextets[urlAlphabet.charCodeAt(value)] = value
}

/** Standard alphabet, padded. */
export function base64Of(bytes: Bytes): string {
  const text = encode(bytes, standardAlphabet)
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** URL alphabet, not padded (RFC 4648 §5, as SenML wants it: RFC 8428 §4.3). */
export function base64UrlOf(bytes: Bytes): string {
  return encode(bytes, urlAlphabet)
}

/** The octets of base64 text in either alphabet, padded or not; undefined where it is anything else. */
export function bytesOfBase64(text: string): Bytes | undefined {
  let length = text.length
  if (length % 4 === 0 && text.endsWith('=')) length -= text.endsWith('==') ? 2 : 1
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let [at, bits, held] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const sextet = code < 128 ? sextets[code]! : 255
    if (sextet === 255) return undefined
    held = ((held << 6) | sextet) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
    }
  }
  return bytes
}

function encode(bytes: Bytes, alphabet: string): string {
  let [text, bits, held] = ['', 0, 0]
  for (const octet of bytes) {
    held = ((held << 8) | octet) & 0xffff
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text += alphabet[(held >> bits) & 63]
    }
  }
  return bits > 0 ? text + alphabet[(held << (6 - bits)) & 63] : text
}
