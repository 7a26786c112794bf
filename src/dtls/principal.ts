/** Who a peer has proved to be, and that as a key for tables. */
import type { Bytes } from '../base/bytes.ts'

export type Principal =
  | { readonly kind: 'psk'; readonly identity: Bytes }
  /** SubjectPublicKeyInfo, DER. */
  | { readonly kind: 'raw-public-key'; readonly publicKey: Bytes }
  | {
      readonly kind: 'certificate'
      /** SHA-256 of the certificate. */
      readonly fingerprint: Bytes
      /** Common name first, then DNS names and URIs of subjectAltName; as many as fit `certificateNamesLimit`. */
      readonly names: readonly string[]
    }
  | { readonly kind: 'anonymous' }

/** Octets of names kept of one certificate. */
export const certificateNamesLimit = 160

/** Equal for the same identity and for no other one. */
export function principalKey(principal: Principal): string {
  switch (principal.kind) {
    case 'psk':
      return `p${latin1(principal.identity)}`
    case 'raw-public-key':
      return `r${latin1(principal.publicKey)}`
    case 'certificate':
      return `c${latin1(principal.fingerprint)}`
    case 'anonymous':
      return 'a'
  }
}

function latin1(bytes: Bytes): string {
  let text = ''
  for (const octet of bytes) text += String.fromCharCode(octet)
  return text
}
