import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import type { AeadName } from '../../../src/dtls/crypto.ts'
import { nativeCrypto } from '../../../src/server/crypto-native.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'
import { addon } from './addon.ts'

const algorithms: readonly [AeadName, key: number, tag: number][] = [
  ['aes-128-ccm-8', 16, 8],
  ['aes-128-ccm', 16, 16],
  ['aes-256-ccm-8', 32, 8],
  ['aes-256-ccm', 32, 16],
  ['aes-128-gcm', 16, 16],
  ['aes-256-gcm', 32, 16],
  ['chacha20-poly1305', 32, 16],
]

if (addon !== undefined) describeNative(addon)
else it('needs a C compiler: npm run build:native', () => expect(addon).toBeUndefined())

function describeNative(present: NonNullable<typeof addon>): void {
  const native = nativeCrypto(present)
  const node = nodeCrypto()
  const hex = (text: string): Uint8Array => bytesOfHex(text)!

  describe('AEAD of the add-on', () => {
    it('seals the example of RFC 8439 §2.8.2', () => {
      const text =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
      const key = native.aeadKey(
        'chacha20-poly1305',
        hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
      )
      const out = new Uint8Array(text.length + 16)
      const plain = Buffer.from(text)
      const end = native.seal(
        key,
        hex('070000004041424344454647'),
        hex('50515253c0c1c2c3c4c5c6c7'),
        plain,
        0,
        plain.length,
        out,
        0,
      )
      expect(end).toBe(out.length)
      expect(hexOf(out.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2')
      expect(hexOf(out.subarray(-16))).toBe('1ae10b594f09e26a7e902ecbd0600691')
    })

    it('seals test case 4 of the GCM specification', () => {
      const key = native.aeadKey('aes-128-gcm', hex('feffe9928665731c6d6a8f9467308308'))
      const plain = hex(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      )
      const out = new Uint8Array(plain.length + 16)
      const additional = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2')
      native.seal(key, hex('cafebabefacedbaddecaf888'), additional, plain, 0, plain.length, out, 0)
      expect(hexOf(out.subarray(-16))).toBe('5bc94fbc3221a5db94fae95ae7121a47')
    })

    it.each(algorithms)('%s: seals and opens exactly as node:crypto does', (name, keyLength, tagLength) => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: keyLength, maxLength: keyLength }),
          fc.uint8Array({ minLength: 12, maxLength: 12 }),
          fc.uint8Array({ maxLength: 40 }),
          fc.uint8Array({ maxLength: 1500 }),
          fc.nat(64),
          fc.nat(64),
          (secret, nonce, additional, plain, start, at) => {
            const [ours, theirs] = [native.aeadKey(name, secret), node.aeadKey(name, secret)]
            const input = new Uint8Array(start + plain.length + 9)
            input.set(plain, start)
            const [sealed, expected] = [new Uint8Array(1700), new Uint8Array(1700)]
            const end = native.seal(ours, nonce, additional, input, start, start + plain.length, sealed, at)
            expect(end).toBe(node.seal(theirs, nonce, additional, input, start, start + plain.length, expected, at))
            expect(Buffer.compare(sealed, expected)).toBe(0)
            const opened = new Uint8Array(1700)
            expect(native.open(ours, nonce, additional, sealed, at, end, opened, start)).toBe(start + plain.length)
            expect(Buffer.compare(opened.subarray(start, start + plain.length), plain)).toBe(0)
            // Nothing beside the range was touched.
            expect(opened.subarray(0, start).every((octet) => octet === 0)).toBe(true)
            expect(opened.subarray(start + plain.length).every((octet) => octet === 0)).toBe(true)
            expect(end - at - plain.length).toBe(tagLength)
          },
        ),
        { numRuns: 60 },
      )
    })

    it.each(algorithms)('%s: works in place and over ranges that overlap', (name, keyLength, tagLength) => {
      const key = native.aeadKey(name, randomBytes(keyLength))
      const nonce = randomBytes(12)
      for (const [start, at] of [
        [20, 20],
        [20, 7],
        [20, 33],
      ] as const) {
        const buffer = randomBytes(400)
        const plain = Buffer.from(buffer.subarray(start, start + 100))
        const end = native.seal(key, nonce, randomBytes(0), buffer, start, start + 100, buffer, at)
        expect(end).toBe(at + 100 + tagLength)
        expect(native.open(key, nonce, randomBytes(0), buffer, at, end, buffer, start)).toBe(start + 100)
        expect(Buffer.compare(buffer.subarray(start, start + 100), plain)).toBe(0)
      }
    })

    it.each(algorithms)(
      '%s: checks the tag also where there is no text and no room for one',
      (name, keyLength, tagLength) => {
        const key = native.aeadKey(name, randomBytes(keyLength))
        const [nonce, nothing, tag] = [randomBytes(12), new Uint8Array(0), new Uint8Array(tagLength)]
        for (const additional of [nothing, randomBytes(13)]) {
          expect(native.seal(key, nonce, additional, nothing, 0, 0, tag, 0)).toBe(tagLength)
          expect(native.open(key, nonce, additional, tag, 0, tagLength, nothing, 0)).toBe(0)
          tag[tagLength - 1]! ^= 1
          expect(native.open(key, nonce, additional, tag, 0, tagLength, nothing, 0)).toBe(-1)
          expect(native.open(key, nonce, additional, tag, 0, tagLength, new Uint8Array(1), 0)).toBe(-1)
        }
      },
    )

    it.each(algorithms)('%s: refuses every forgery, and shows nothing of it', (name, keyLength, tagLength) => {
      const key = native.aeadKey(name, randomBytes(keyLength))
      const [nonce, additional, plain] = [randomBytes(12), randomBytes(13), randomBytes(30)]
      const sealed = new Uint8Array(30 + tagLength)
      native.seal(key, nonce, additional, plain, 0, 30, sealed, 0)
      const out = new Uint8Array(30)
      const opened = (n: Uint8Array, a: Uint8Array, s: Uint8Array): number =>
        native.open(key, n, a, s, 0, s.length, out.fill(1), 0)
      const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
        bytes.map((octet, i) => (i === at ? octet ^ 64 : octet))
      for (let i = 0; i < sealed.length; i++) {
        expect(opened(nonce, additional, flipped(sealed, i))).toBe(-1)
        expect(out.every((octet) => octet === 0)).toBe(true)
      }
      expect(opened(flipped(nonce, 11), additional, sealed)).toBe(-1)
      expect(opened(nonce, flipped(additional, 0), sealed)).toBe(-1)
      expect(opened(nonce, additional.subarray(1), sealed)).toBe(-1)
      expect(opened(nonce, additional, sealed.subarray(1))).toBe(-1)
      expect(opened(nonce, additional, sealed.subarray(0, tagLength - 1))).toBe(-1)
      expect(opened(nonce, additional, new Uint8Array(0))).toBe(-1)
      // The key is as good as before.
      expect(opened(nonce, additional, sealed)).toBe(30)
      expect(Buffer.compare(out, plain)).toBe(0)
    })
  })

  describe('keys of the add-on', () => {
    const key = new Uint8Array(16).fill(1)
    const none = new Uint8Array(0)
    const seal = (number: number): number =>
      present.aeadRun(1, number, new Uint8Array(12), none, none, 0, 0, new Uint8Array(16), 0)

    it('are numbers that are never given to another key, and are refused once freed', () => {
      const numbers = Array.from({ length: 600 }, () => present.aeadKey(0, key))
      for (const number of numbers) present.aeadKeyFree(number)
      const again = Array.from({ length: 600 }, () => present.aeadKey(0, key))
      expect(new Set([...numbers, ...again]).size).toBe(1200)
      for (const number of numbers) {
        expect(() => seal(number)).toThrow('no such key')
        expect(() => present.aeadKeyFree(number)).toThrow('no such key')
      }
      for (const number of again) expect(seal(number)).toBe(8)
      for (const number of again) present.aeadKeyFree(number)
    })

    it.each([-1, 0.5, 2 ** 20 - 1, 2 ** 40, 2 ** 53, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY])(
      'refuse the number %d, which none has',
      (number) => {
        expect(() => seal(number)).toThrow('no such key')
      },
    )

    it.each([
      [0, 15],
      [0, 32],
      [2, 16],
      [6, 0],
      [7, 16],
      [-1, 16],
    ])('of algorithm %d are not made of %d octets', (algorithm, length) => {
      expect(() => present.aeadKey(algorithm, new Uint8Array(length))).toThrow()
    })

    it('are wiped when nobody refers to them any more', async () => {
      const first = present.aeadKey(0, key)
      present.aeadKeyFree(first)
      ;(() => {
        for (let i = 0; i < 1000; i++) native.aeadKey('aes-128-ccm-8', key)
      })()
      const liveBefore = present.aeadKey(0, key)
      globalThis.gc!()
      // Finalisers run in a task of their own.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      const reused = Array.from({ length: 500 }, () => present.aeadKey(0, key))
      expect(reused.filter((number) => number >= 2 ** 20).length).toBeGreaterThan(400)
      for (const number of [liveBefore, ...reused]) present.aeadKeyFree(number)
    })
  })

  describe('arguments of the add-on', () => {
    it('are checked: no length or offset reaches outside of what was given', () => {
      const key = present.aeadKey(0, new Uint8Array(16))
      const edges = [
        0,
        1,
        7,
        8,
        9,
        63,
        64,
        65,
        255,
        2 ** 24,
        2 ** 24 + 1,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        -1,
        -8,
        0.5,
        Number.NaN,
      ]
      const size = fc.nat(64)
      const place = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: -2, max: 80 }))
      fc.assert(
        fc.property(fc.boolean(), size, size, size, size, place, place, place, (seal, n, a, i, o, start, end, at) => {
          // Each is a view with guards around it.
          const guarded = (length: number): [Uint8Array, Uint8Array] => {
            const whole = new Uint8Array(length + 64).fill(0xa5)
            return [whole, whole.subarray(32, 32 + length).fill(0)]
          }
          const [[inputGuard, input], [outGuard, out]] = [guarded(i), guarded(o)]
          let result: number | undefined
          try {
            result = present.aeadRun(
              seal ? 1 : 0,
              key,
              new Uint8Array(n),
              new Uint8Array(a),
              input,
              start,
              end,
              out,
              at,
            )
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
          for (const guard of [inputGuard, outGuard]) {
            expect(guard.subarray(0, 32).every((octet) => octet === 0xa5)).toBe(true)
            expect(guard.subarray(-32).every((octet) => octet === 0xa5)).toBe(true)
          }
          if (result !== undefined && result >= 0) {
            expect(n).toBe(12)
            expect(result).toBe(seal ? at + end - start + 8 : at + end - start - 8)
            expect(result).toBeLessThanOrEqual(o)
          }
        }),
        { numRuns: 5000 },
      )
    })

    it('are checked for their number and kinds', () => {
      const call = present.aeadRun as (...anything: unknown[]) => number
      expect(() => call()).toThrow('wrong number of arguments')
      expect(() => call(1)).toThrow('wrong number of arguments')
      expect(() => call(1, 0, 'nonce', {}, null, 0, 0, [], 0)).toThrow('not a Uint8Array')
      expect(() => call(true, 0, 'nonce', {}, null, 0, 0, [], 0)).toThrow('not a whole number')
    })

    it.each([new Uint16Array(12), new DataView(new ArrayBuffer(12)), new ArrayBuffer(12), '0123456789ab'])(
      'are Uint8Arrays and nothing else (%o)',
      (wrong) => {
        const key = present.aeadKey(0, new Uint8Array(16))
        const call = present.aeadRun as (...anything: unknown[]) => number
        const some = new Uint8Array(64)
        expect(() => call(1, key, wrong, some, some, 0, 1, some, 0)).toThrow('not a Uint8Array')
        expect(() => call(1, key, some.subarray(0, 12), some, wrong, 0, 1, some, 0)).toThrow('not a Uint8Array')
      },
    )
  })
}
