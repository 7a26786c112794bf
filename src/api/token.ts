/**
 * The bearer token of the API: how one is made and compared. The file it lives in, readable by its owner
 * alone (`tokenFileMode`), is the server's to create and the command line's to find.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { base64UrlOf } from '../base/base64.ts'
import type { Bytes } from '../base/bytes.ts'

export { tokenFileName } from './contract/paths.ts'

export const tokenFileMode = 0o600

const tokenOctets = 32
const prefix = 'cst_'

/** A new token: 256 bits from `random`, which must be a cryptographic source. */
export function newToken(random: (octets: number) => Bytes): string {
  return prefix + base64UrlOf(random(tokenOctets))
}

/** Whether a file's content, trimmed, can be a token: printable, and long enough not to be guessed. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9._~+/-]{24,256}=*$/.test(text)
}

/** Checks an Authorization header in a time that does not depend on where it goes wrong (RFC 6750 §2.1). */
export function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digestOf(token)
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digestOf(given), expected)
  }
}

/**
 * What a browser keeps instead of the token: it opens the pages and nothing else. A cookie goes to every port of its
 * host, and other programs may listen there.
 */
export function viewerKeyOf(token: string): string {
  return createHmac('sha256', token).update('coapstan pages').digest('base64url')
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
