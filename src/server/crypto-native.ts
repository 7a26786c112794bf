/**
 * The cryptographic port with sealing and opening of records through the native add-on, which keeps a
 * context for each key and works on slabs in place; everything else is `crypto-node`'s.
 */
import type { Bytes } from '../base/bytes.ts'
import type { AeadKey, AeadName, DtlsCrypto } from '../dtls/crypto.ts'
import { nodeCrypto, type NodeCryptoOptions } from './crypto-node.ts'
import type { NativeAddon } from './native-addon.ts'

/** The order of `ciphers` in `native/aead.c`. */
const algorithms: readonly AeadName[] = [
  'aes-128-ccm-8',
  'aes-128-ccm',
  'aes-256-ccm-8',
  'aes-256-ccm',
  'aes-128-gcm',
  'aes-256-gcm',
  'chacha20-poly1305',
]

/** What is behind an `AeadKey` of the add-on: its number there. */
class NativeAeadKey {
  readonly number: number
  constructor(number: number) {
    this.number = number
  }
}

/** `addon` is what `nativeAddon()` found. */
export function nativeCrypto(addon: NativeAddon, options: NodeCryptoOptions = {}): DtlsCrypto {
  const node = nodeCrypto(options)
  // A key nobody refers to any more is wiped in the add-on soon after.
  const forgotten = new FinalizationRegistry<number>((number) => addon.aeadKeyFree(number))

  const aeadKey = (name: AeadName, key: Bytes): AeadKey => {
    const made = new NativeAeadKey(addon.aeadKey(algorithms.indexOf(name), key))
    forgotten.register(made, made.number)
    return made as unknown as AeadKey
  }
  const run = (
    seal: 0 | 1,
    key: AeadKey,
    nonce: Bytes,
    additional: Bytes,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number =>
    addon.aeadRun(seal, (key as unknown as NativeAeadKey).number, nonce, additional, buffer, start, end, out, at)

  return {
    ...node,
    aeadKey,
    seal: (key, nonce, additional, buffer, start, end, out, at) =>
      run(1, key, nonce, additional, buffer, start, end, out, at),
    open: (key, nonce, additional, buffer, start, end, out, at) =>
      run(0, key, nonce, additional, buffer, start, end, out, at),
  }
}
