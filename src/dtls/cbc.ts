/**
 * AES-128-CBC with HMAC-SHA256, MAC then encrypt (RFC 5246 §6.2.3.2), for modems that know nothing else.
 * Opening does the same work whatever the padding says (Lucky 13): one fault, one path, the same number of
 * SHA-256 blocks.
 */
import { concatBytes, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { CbcKeys } from './association-keys.ts'
import type { DtlsCrypto } from './crypto.ts'

const blockLength = 16
export const cbcMacLength = 32
/** Longest padding including its length octet. */
const paddingLimit = 256
const zeros: Bytes = new Uint8Array(6 * 64)

/** IV, then the encrypted content, MAC and padding. `additional` is the MAC's prefix with the length of `content`. */
export function sealCbc(crypto: DtlsCrypto, random: Random, keys: CbcKeys, additional: Bytes, content: Bytes): Bytes {
  const mac = crypto.hmac(keys.mac, additional, content)
  const unpadded = content.length + cbcMacLength + 1
  const padding = (blockLength - (unpadded % blockLength)) % blockLength
  const plaintext = new Uint8Array(unpadded + padding).fill(padding, unpadded - 1)
  plaintext.set(content)
  plaintext.set(mac, content.length)
  const iv = random.bytes(blockLength)
  return concatBytes(iv, crypto.encryptBlocks(keys.key, iv, plaintext))
}

/**
 * The content, or undefined where padding or MAC is wrong. `additionalFor` writes the MAC's prefix for a
 * content of that length.
 */
export function openCbc(
  crypto: DtlsCrypto,
  keys: CbcKeys,
  additionalFor: (contentLength: number) => Bytes,
  sealed: Bytes,
): Bytes | undefined {
  const length = sealed.length - blockLength
  // lengths are no secret
  if (length < 3 * blockLength || length % blockLength !== 0) return undefined
  const plaintext = crypto.decryptBlocks(keys.key, sealed.subarray(0, blockLength), sealed.subarray(blockLength))
  const { padding, isGood } = paddingOf(plaintext)
  const contentLength = length - 1 - padding - cbcMacLength
  const content = plaintext.subarray(0, contentLength)
  const additional = additionalFor(contentLength)
  const mac = crypto.hmac(keys.mac, additional, content)
  // as many blocks more as the padding made the MAC's input shorter
  const missing =
    macBlocks(additional.length + length - 1 - cbcMacLength) - macBlocks(additional.length + contentLength)
  crypto.hash('sha256', zeros.subarray(0, missing * 64))
  const isGenuine = crypto.equal(mac, plaintext.subarray(contentLength, contentLength + cbcMacLength))
  return Number(isGenuine) & isGood ? content : undefined
}

/** Looks at the same octets in the same way for every padding; a bad one counts as none. */
function paddingOf(plaintext: Bytes): { padding: number; isGood: number } {
  const length = plaintext.length
  const claimed = plaintext[length - 1]!
  // 1 where claimed + 1 + MAC fits, else 0
  let isGood = 1 ^ ((length - 1 - cbcMacLength - claimed) >>> 31)
  let difference = 0
  const looked = Math.min(paddingLimit, length)
  for (let i = 1; i <= looked; i++) {
    const isPadding = (i - 1 - claimed - 1) >> 31 // all ones where i-1 <= claimed
    difference |= (plaintext[length - i]! ^ claimed) & isPadding
  }
  isGood &= 1 ^ ((-difference >>> 31) & 1)
  return { padding: claimed & -isGood, isGood }
}

/** SHA-256 blocks of the inner hash over that many octets. */
function macBlocks(octets: number): number {
  return Math.ceil((64 + octets + 9) / 64)
}
