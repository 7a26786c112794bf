/** The store key and what it seals: made once, noticed when it changes, one key for each purpose. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hexOf, noBytes, utf8 } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { sealerWith } from '../../../src/server/sealer.ts'
import { checkStoreKey, deriveKey, openStoreKey } from '../../../src/server/store-key.ts'
import { openStore, temporaryDirectory } from '../storage/fixtures.ts'

const hex = 'a7'.repeat(32)

describe('the store key', () => {
  it('is made on the first start, for its owner alone, and found on the next', () => {
    const directory = temporaryDirectory()
    const key = openStoreKey(directory, {})
    const file = join(directory, 'store-key')
    expect(key).toHaveLength(32)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8').trim()).toBe(hexOf(key))
    expect(openStoreKey(directory, {})).toEqual(key)
    expect(openStoreKey(temporaryDirectory(), {})).not.toEqual(key)
  })

  it('comes from the environment where it is given there, and then no file is made', () => {
    const directory = temporaryDirectory()
    expect(hexOf(openStoreKey(directory, { COAPSTAN_STORE_KEY: hex }))).toBe(hex)
    expect(() => statSync(join(directory, 'store-key'))).toThrow('ENOENT')
  })

  it.each(['', 'zz', 'a7'.repeat(31), 'a7'.repeat(33)])('that reads %j is refused, with where it stands', (text) => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'store-key'), text)
    const code = 'store-key.unusable'
    expect(() => openStoreKey(directory, {})).toThrow(expect.objectContaining({ code }))
    expect(() => openStoreKey(directory, {})).toThrow(join(directory, 'store-key'))
    expect(() => openStoreKey(directory, { COAPSTAN_STORE_KEY: text })).toThrow('COAPSTAN_STORE_KEY')
  })

  it('that is not the one the database was sealed with is noticed', () => {
    const directory = temporaryDirectory()
    const store = openStore(join(directory, 'coapstan.db'))
    const key = openStoreKey(directory, {})
    checkStoreKey(store, key, directory, {})
    checkStoreKey(store, key, directory, {})
    const other = new Uint8Array(32)
    const wrong = expect.objectContaining({ code: 'store-key.wrong', retriable: false }) as Error
    expect(() => checkStoreKey(store, other, directory, {})).toThrow(wrong)
    expect(() => checkStoreKey(store, other, directory, {})).toThrow(
      `${join(directory, 'store-key')} holds another key`,
    )
    const environment = { COAPSTAN_STORE_KEY: '00'.repeat(32) }
    expect(() => checkStoreKey(store, other, directory, environment)).toThrow(/^COAPSTAN_STORE_KEY holds another key/)
    expect(hexOf(store.storeKeyCheck()!)).not.toContain(hexOf(key))
  })

  it('gives a key of its own to each purpose', () => {
    const key = new Uint8Array(32).fill(1)
    const derived = ['credentials', 'dtls associations', 'check'].map((purpose) => hexOf(deriveKey(key, purpose)))
    expect(new Set([hexOf(key), ...derived]).size).toBe(4)
    expect(hexOf(deriveKey(key, 'check'))).toBe(derived[2])
  })
})

describe('a seal', () => {
  const sealer = sealerWith(new Uint8Array(32).fill(1))
  const context = utf8('urn:dev:a')

  it('opens in its own context only, to what was sealed', () => {
    const random = new SeededRandom(1)
    for (const octets of [0, 1, 16, 64, 1000]) {
      const secret = random.bytes(octets)
      const sealed = sealer.seal(secret, context)
      expect(sealer.open(sealed, context)).toEqual(secret)
      expect(sealer.open(sealed, utf8('urn:dev:b'))).toBeUndefined()
      expect(sealer.open(sealed, noBytes)).toBeUndefined()
      expect(sealerWith(new Uint8Array(32)).open(sealed, context)).toBeUndefined()
    }
  })

  it('broken anywhere, cut or empty, does not open', () => {
    const sealed = sealer.seal(utf8('sixteen octets!!'), context)
    for (let at = 0; at < sealed.length; at++) {
      const broken = sealed.slice()
      broken[at]! ^= 1
      expect(sealer.open(broken, context)).toBeUndefined()
      expect(sealer.open(sealed.subarray(0, at), context)).toBeUndefined()
    }
  })

  it('of the same secret is another each time', () => {
    const seals = Array.from({ length: 1000 }, () => hexOf(sealer.seal(utf8('secret'), context)))
    expect(new Set(seals.map((seal) => seal.slice(0, 24))).size).toBe(1000)
  })

  it('names a secret by its hash', () => {
    expect(sealer.fingerprint(utf8('abc'))).toBe('ba7816bf8f01cfea')
  })
})
