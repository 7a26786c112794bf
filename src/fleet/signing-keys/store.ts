/** What signing keys ask of the store and of the cryptography around it. */
import type { KeyFacts, SigningKey } from './types.ts'

export type SigningKeysOp =
  | { readonly op: 'signing-key.put'; readonly key: SigningKey }
  | { readonly op: 'signing-key.delete'; readonly name: string }

export interface SigningKeysStore {
  signingKey(name: string): SigningKey | undefined
  /** By name. */
  signingKeys(): readonly SigningKey[]
}

export interface KeyReader {
  /** Undefined where the text is no public key of a kind MCUboot knows, or is a private one. */
  keyOf(pem: string): KeyFacts | undefined
}
