/**
 * The handshake so far, for the hashes made over it (RFC 6347 §4.2.6). Keeps the messages themselves:
 * which hash is wanted is known only once the suite is, and CertificateVerify may want another one.
 */
import { concatBytes, type Bytes } from '../base/bytes.ts'
import type { DtlsCrypto, HashName } from './crypto.ts'

export class Transcript {
  #messages: Bytes[] = []

  /** Adds a whole message, header as if never fragmented; it is kept, so it must not be a view of a slab. */
  append(message: Bytes): void {
    this.#messages.push(message)
  }

  /** A handshake starts over: the first hello and its HelloVerifyRequest do not count (RFC 6347 §4.2.1). */
  clear(): void {
    this.#messages = []
  }

  octets(): Bytes {
    const whole = concatBytes(...this.#messages)
    this.#messages = [whole]
    return whole
  }

  hash(crypto: DtlsCrypto, name: HashName): Bytes {
    return crypto.hash(name, this.octets())
  }
}
