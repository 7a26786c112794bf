/**
 * A cryptographic port that keeps book of every record that is sealed through it, by whichever process or
 * device: under one key no nonce comes twice, over restarts and for the whole of a simulation. Keys are told
 * apart by their octets, so that one brought back from the store is the one it was.
 */
import { hexOf, type Bytes } from '../base/bytes.ts'
import type { AeadKey, AeadName, DtlsCrypto } from '../dtls/crypto.ts'
import { decodeSequence } from '../dtls/wire/record.ts'

/** What was sealed under one key. */
interface KeyUse {
  /** Nonces end in the record's sequence number (RFC 6655 §3), which only grows. */
  lastSequence: number
  /** Where they are drawn instead: all of them, hex. */
  readonly drawn: Set<string> | undefined
}

interface RecordedKey {
  readonly key: AeadKey
  readonly use: KeyUse
}

const inside = (key: AeadKey): RecordedKey => key as unknown as RecordedKey

export class NonceBook {
  /** To be handed to all who seal: for suites whose nonces end in the sequence number (CCM, GCM). */
  readonly crypto: DtlsCrypto
  readonly #violate: (text: string) => void
  readonly #uses = new Map<string, KeyUse>()
  readonly #drawnKeys = new Set<string>()
  #sealed = 0

  constructor(crypto: DtlsCrypto, violate: (text: string) => void) {
    this.#violate = violate
    this.crypto = {
      ...crypto,
      aeadKey: (name, key) => {
        const recorded: RecordedKey = { key: crypto.aeadKey(name, key), use: this.#useOf(name, key) }
        return recorded as unknown as AeadKey
      },
      seal: (key, nonce, additional, buffer, start, end, out, at) => {
        this.#enter(inside(key).use, nonce)
        return crypto.seal(inside(key).key, nonce, additional, buffer, start, end, out, at)
      },
      open: (key, nonce, additional, buffer, start, end, out, at) =>
        crypto.open(inside(key).key, nonce, additional, buffer, start, end, out, at),
    }
  }

  /** What was sealed so far. */
  get sealed(): number {
    return this.#sealed
  }

  /** Nonces under `key` are drawn at random, as those of snapshots are. */
  expectDrawn(key: Bytes): void {
    this.#drawnKeys.add(hexOf(key))
  }

  #useOf(name: AeadName, key: Bytes): KeyUse {
    const hex = hexOf(key)
    const id = `${name} ${hex}`
    const known = this.#uses.get(id)
    if (known !== undefined) return known
    const use = { lastSequence: -1, drawn: this.#drawnKeys.has(hex) ? new Set<string>() : undefined }
    this.#uses.set(id, use)
    return use
  }

  #enter(use: KeyUse, nonce: Bytes): void {
    this.#sealed++
    if (use.drawn !== undefined) {
      const text = hexOf(nonce)
      if (use.drawn.has(text)) this.#violate(`nonce ${text} was drawn twice under one key`)
      use.drawn.add(text)
      return
    }
    const sequence = decodeSequence(nonce, nonce.length - 6)
    if (sequence <= use.lastSequence) {
      this.#violate(`number ${sequence} was sealed after number ${use.lastSequence} under one key`)
    }
    use.lastSequence = sequence
  }
}
