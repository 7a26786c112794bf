/** RFC 4648 §10, and what devices make of it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { base64Of, base64UrlOf, bytesOfBase64 } from '../../../src/base/base64.ts'
import { utf8 } from '../../../src/base/bytes.ts'

it.each([
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('%s is %s', (text, encoded) => {
  expect(base64Of(utf8(text))).toBe(encoded)
  expect(base64UrlOf(utf8(text))).toBe(encoded.replaceAll('=', ''))
  expect(bytesOfBase64(encoded)).toEqual(utf8(text))
})

it('reads both alphabets, padded or not', () => {
  const bytes = Uint8Array.of(0xfb, 0xff)
  for (const text of ['+/8=', '+/8', '-_8=', '-_8']) expect(bytesOfBase64(text)).toEqual(bytes)
})

it.each(['A', '====', 'AA=A', 'A A=', 'Zm9v\n', 'Zm9ü', 'AAAAA'])('refuses %j', (text) => {
  expect(bytesOfBase64(text)).toBeUndefined()
})

it('reads back what it wrote', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes)
      expect(bytesOfBase64(base64UrlOf(bytes))).toEqual(bytes)
    }),
  )
})
