import { describe, expect, it } from 'vitest'
import { concatBytes, copyOf, type Bytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import type { CbcKeys } from '../../../src/dtls/association-keys.ts'
import { openCbc, sealCbc } from '../../../src/dtls/cbc.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'

const crypto = nodeCrypto()
const blockKey = crypto.blockKey(new Uint8Array(16).fill(1))
const keys: CbcKeys = { kind: 'cbc', key: blockKey, mac: crypto.hmacKey('sha256', new Uint8Array(32).fill(2)) }
const additionalFor = (length: number): Bytes => new Uint8Array(13).fill(length & 0xff)
/** With a CID of six octets. */
const longAdditionalFor = (length: number): Bytes => new Uint8Array(29).fill(length & 0xff)
const random = new SeededRandom(1)
const sealed = (content: Bytes): Bytes => sealCbc(crypto, random, keys, additionalFor(content.length), content)

/** Any plaintext at all under the right key. */
function encrypted(plaintext: Bytes): Bytes {
  const iv = random.bytes(16)
  return concatBytes(iv, crypto.encryptBlocks(blockKey, iv, plaintext))
}

describe('CBC records', () => {
  it('come back at every length', () => {
    for (let length = 0; length < 300; length++) {
      const content = random.bytes(length)
      expect(openCbc(crypto, keys, additionalFor, sealed(content))).toEqual(Buffer.from(content))
    }
  })

  it('are refused where any octet is another one, or one is missing', () => {
    const good = sealed(random.bytes(40))
    for (let at = 0; at < good.length; at++) {
      const bad = copyOf(good)
      bad[at]! ^= 0x10
      expect(openCbc(crypto, keys, additionalFor, bad)).toBeUndefined()
      expect(openCbc(crypto, keys, additionalFor, good.subarray(0, at))).toBeUndefined()
    }
  })

  it('hardening 47: opening takes the same SHA-256 blocks whatever padding and MAC say (Lucky 13)', () => {
    for (const length of [64, 96, 288, 512, 1040]) {
      for (const prefix of [additionalFor, longAdditionalFor]) {
        const work = new Set<number>()
        for (let padding = 0; padding < 256; padding++) {
          for (const isUniform of [true, false]) {
            const plaintext = random.bytes(length)
            if (isUniform) plaintext.fill(padding, Math.max(0, length - padding - 1))
            plaintext[length - 1] = padding
            work.add(blocksOf(encrypted(plaintext), prefix))
          }
        }
        expect([`${length} octets: ${[...work].join()}`, work.size]).toEqual([
          `${length} octets: ${[...work].join()}`,
          1,
        ])
      }
    }
  })
})

/** Inner SHA-256 blocks of one opening. */
function blocksOf(record: Bytes, prefix: (length: number) => Bytes): number {
  let blocks = 0
  const counting = {
    ...crypto,
    hmac: (...call: Parameters<typeof crypto.hmac>) => {
      const length = call.slice(1).reduce((sum, part) => sum + ((part as Bytes | undefined)?.length ?? 0), 0)
      blocks += Math.ceil((64 + length + 9) / 64)
      return crypto.hmac(...call)
    },
    hash: (...call: Parameters<typeof crypto.hash>) => {
      blocks += Math.ceil((call[1].length + 9) / 64)
      return crypto.hash(...call)
    },
  }
  openCbc(counting, keys, prefix, record)
  return blocks
}
