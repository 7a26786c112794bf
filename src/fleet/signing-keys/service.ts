/** Signing keys for the API: public halves only; what they verify is for the images. */
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { EventDraft } from '../events/types.ts'
import type { KeyReader, SigningKeysOp, SigningKeysStore } from './store.ts'
import type { SigningKey } from './types.ts'

/** An upload tries them one after the other. */
const mostKeys = 64
const longestName = 64

export interface SigningKeysParts {
  readonly store: SigningKeysStore
  readonly commands: { commitNow(ops: readonly SigningKeysOp[], events?: readonly EventDraft[]): void | Promise<void> }
  readonly reader: KeyReader
  readonly now: () => Instant
}

export class SigningKeysService {
  readonly #parts: SigningKeysParts

  constructor(parts: SigningKeysParts) {
    this.#parts = parts
  }

  list(): readonly SigningKey[] {
    return this.#parts.store.signingKeys()
  }

  /** Those an image of `product` may be signed with; where there is one, it has to be. */
  keysFor(product: string): readonly SigningKey[] {
    return this.list().filter((key) => key.product === undefined || key.product === product)
  }

  /**
   * The same key under the same name is the same. Throws UsageError 'signing-key.pem', 'signing-key.name' (422),
   * 'signing-key.exists' (409: the name has another key, or the key another name), 'signing-key.limit' (409).
   */
  async add(draft: { readonly name: string; readonly pem: string; readonly product?: string }): Promise<SigningKey> {
    const { store, commands, reader, now } = this.#parts
    if (!/^[\w.@-]+$/.test(draft.name) || draft.name.length > longestName) {
      throw new UsageError('signing-key.name', 'a name is 1 to 64 letters, digits and . _ @ -', {
        status: 422,
        members: { field: 'name' },
      })
    }
    if (/PRIVATE KEY/.test(draft.pem)) throw refused('this is a private key, and has no business here')
    const facts = reader.keyOf(draft.pem)
    if (facts === undefined) throw refused('this is no public key MCUboot knows')
    const { fingerprint } = facts
    const keys = store.signingKeys()
    const namesake = keys.find(({ name }) => name === draft.name)
    const twin = keys.find((key) => key.fingerprint === fingerprint)
    if (namesake !== undefined && namesake === twin && namesake.product === draft.product) return namesake
    if (namesake !== undefined) throw conflict('signing-key.exists', `there is a key '${draft.name}' already`)
    if (twin !== undefined) throw conflict('signing-key.exists', `this key is registered as '${twin.name}' already`)
    if (keys.length >= mostKeys) throw conflict('signing-key.limit', `there are ${mostKeys} keys already`)
    const { name, product } = draft
    const key: SigningKey = { name, ...facts, ...(product !== undefined && { product }), addedAt: now() }
    await commands.commitNow([{ op: 'signing-key.put', key }], [eventOf('firmware.key-added', key)])
    return key
  }

  /** Images it verified stay. Throws UsageError 'signing-key.unknown' (404). */
  async remove(name: string): Promise<void> {
    const key = this.#parts.store.signingKey(name)
    if (key === undefined) {
      throw new UsageError('signing-key.unknown', `there is no signing key '${name}'`, {
        status: 404,
        hint: "'coapstan firmware keys list' shows them",
      })
    }
    await this.#parts.commands.commitNow([{ op: 'signing-key.delete', name }], [eventOf('firmware.key-removed', key)])
  }
}

function refused(message: string): UsageError {
  return new UsageError('signing-key.pem', message, {
    status: 422,
    hint: "a PEM file with a public key: ECDSA P-256 or P-384, Ed25519, RSA 2048 or 3072; 'imgtool getpub -e pem' writes it",
    members: { field: 'pem' },
  })
}

function conflict(code: string, message: string): UsageError {
  return new UsageError(code, message, { status: 409, hint: 'remove that one first' })
}

function eventOf(kind: 'firmware.key-added' | 'firmware.key-removed', key: SigningKey): EventDraft {
  const { name, kind: keyKind, fingerprint, product } = key
  return { kind, cause: 'operator', detail: { name, keyKind, fingerprint, ...(product !== undefined && { product }) } }
}
