/** Identities between text and octets: exactly the octets, no two texts for one identity that matter. */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, utf8 } from '../../../../src/base/bytes.ts'
import { identityOf, identityText, nextIdentity } from '../../../../src/fleet/credentials/rules.ts'
import type { CredentialKind } from '../../../../src/fleet/credentials/types.ts'

const publicKey =
  '3059301306072a8648ce3d020106082a8648ce3d030107034200' +
  '04465ca9a9a7bcc4a0c3b7e0a3a5f5dd8fd0d2a6f4a34cf6a8c2c7c6b1f5a3b3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4'
const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(publicKey, 'hex').toString('base64')}\n-----END PUBLIC KEY-----\n`

describe('an identity', () => {
  it.each<[CredentialKind, string, string]>([
    ['psk', 'urn:dev:1', hexOf(utf8('urn:dev:1'))],
    ['psk', 'Größe', '4772c3b6c39f65'],
    ['psk', '0x00ff', '00ff'],
    ['psk', '0X00', hexOf(utf8('0X00'))],
    ['raw-public-key', publicKey, publicKey],
    ['raw-public-key', pem, publicKey],
    ['certificate', 'AB:'.repeat(31) + 'AB', 'ab'.repeat(32)],
    ['certificate', `sha256:${'cd'.repeat(32)}`, 'cd'.repeat(32)],
    ['certificate-name', '*.example', hexOf(utf8('*.example'))],
  ])('%s %s is %s', (kind, text, hex) => {
    expect(hexOf(identityOf(kind, text))).toBe(hex)
  })

  it.each<[CredentialKind, string, RegExp]>([
    ['psk', '', /1 to 128 octets, this one has 0/],
    ['psk', 'x'.repeat(129), /this one has 129/],
    ['psk', '0x', /this one has 0/],
    ['psk', '0x0g', /even number of hex digits/],
    ['psk', '0x123', /even number of hex digits/],
    ['psk', '\ud800', /1 to 128 octets/],
    ['raw-public-key', publicKey.slice(0, -2), /SubjectPublicKeyInfo/],
    ['raw-public-key', 'hello', /SubjectPublicKeyInfo/],
    ['raw-public-key', '', /SubjectPublicKeyInfo/],
    ['certificate', 'ab'.repeat(31), /64 hex digits/],
    ['certificate-name', 'x'.repeat(256), /at most 255/],
  ])('%s %j is none', (kind, text, problem) => {
    expect(() => identityOf(kind, text)).toThrow(expect.objectContaining({ code: 'credential.identity', status: 422 }))
    expect(() => identityOf(kind, text)).toThrow(problem)
  })

  it.each<[string, string]>([
    ['75726e', 'urn'],
    ['00', '0x00'],
    ['ff', '0xff'],
    ['610a', '0x610a'],
    ['e280ae', '0xe280ae'],
    [hexOf(utf8('0x00')), `0x${hexOf(utf8('0x00'))}`],
  ])('of octets %s is shown as %s, and read back as the same', (hex, text) => {
    const identity = bytesOfHex(hex)!
    expect(identityText('psk', identity)).toBe(text)
    expect(hexOf(identityOf('psk', text))).toBe(hex)
  })

  it.each([
    ['a', 'a#2'],
    ['a#2', 'a#3'],
    ['a#9', 'a#10'],
    ['#', '##2'],
  ])('that follows %s is %s', (before, next) => {
    expect(identityText('psk', nextIdentity(utf8(before)))).toBe(next)
  })

  it('with no room for a number has none that follows', () => {
    expect(() => nextIdentity(new Uint8Array(127).fill(65))).toThrow(/no room/)
    expect(hexOf(nextIdentity(bytesOfHex('00ff')!))).toBe('00ff2332')
  })
})
