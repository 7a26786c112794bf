import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, noBytes, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { prf, masterSecret, pskPremaster, ecdhePskPremaster } from '../../../src/dtls/prf.ts'
import type { AeadName, DtlsCrypto } from '../../../src/dtls/crypto.ts'
import { nativeCrypto } from '../../../src/server/crypto-native.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'
import { addon } from '../../unit/native/addon.ts'

/** Both implementations of the port; the add-on where a C compiler has built it. */
const ports: readonly (readonly [string, DtlsCrypto])[] = [
  ['node:crypto', nodeCrypto()],
  ...(addon === undefined ? [] : [['the add-on', nativeCrypto(addon)] as const]),
]
const hex = (text: string): Bytes => bytesOfHex(text.replaceAll(/\s/g, ''))!

describe.each(ports)('the pseudorandom function over %s', (_, crypto) => {
  /** The known answers of the TLS working group's list, 2009. */
  it.each([
    {
      hash: 'sha256',
      secret: '9bbe436ba940f017b17652849a71db35',
      seed: 'a0ba9f936cda311827a6f796ffd5198c',
      output:
        'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af' +
        '0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701' +
        '87347b66',
    },
    {
      hash: 'sha384',
      secret: 'b80b733d6ceefcdc71566ea48e5567df',
      seed: 'cd665cf6a8447dd6ff8b27555edb7465',
      output:
        '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0' +
        'e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425' +
        '9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f',
    },
  ] as const)('$hash', ({ hash, secret, seed, output }) => {
    const key = crypto.hmacKey(hash, hex(secret))
    expect(hexOf(prf(crypto, key, utf8('test label'), hex(seed), output.length / 2))).toBe(output)
  })

  it('a master secret of the NIST CAVP set for TLS 1.2', () => {
    const master = masterSecret(
      crypto,
      'sha256',
      hex('f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc'),
      hex('36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c'),
      hex('f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce'),
    )
    expect(hexOf(master)).toBe(
      '202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf',
    )
  })

  it('premaster secrets of RFC 4279 §2 and RFC 5489 §2', () => {
    expect(hexOf(pskPremaster(hex('aabbcc')))).toBe('00030000000003aabbcc')
    expect(hexOf(ecdhePskPremaster(hex('0102'), hex('aa')))).toBe('000201020001aa')
  })
})

interface AeadVector {
  readonly source: string
  readonly name: AeadName
  readonly key: string
  readonly nonce: string
  readonly additional: string
  readonly plaintext: string
  readonly sealed: string
}

const vectors: readonly AeadVector[] = [
  {
    source: 'NIST SP 800-38C example 3',
    name: 'aes-128-ccm-8',
    key: '404142434445464748494a4b4c4d4e4f',
    nonce: '101112131415161718191a1b',
    additional: '000102030405060708090a0b0c0d0e0f10111213',
    plaintext: '202122232425262728292a2b2c2d2e2f3031323334353637',
    sealed: 'e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951',
  },
  {
    source: 'RFC 3610 §8 packet vector 1',
    name: 'aes-128-ccm-8',
    key: 'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
    nonce: '00000003020100a0a1a2a3a4a5',
    additional: '0001020304050607',
    plaintext: '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e',
    sealed: '588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0',
  },
  {
    source: 'McGrew and Viega, GCM test case 4',
    name: 'aes-128-gcm',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    additional: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    sealed:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    source: 'RFC 8439 §2.8.2',
    name: 'chacha20-poly1305',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    additional: '50515253c0c1c2c3c4c5c6c7',
    plaintext: hexOf(
      utf8(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    sealed:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
  },
]

describe.each(ports)('authenticated encryption with %s', (port, crypto) => {
  // The add-on takes nonces of 12 octets: DTLS knows no others.
  it.each(vectors.filter(({ nonce }) => port === 'node:crypto' || nonce.length === 24))(
    '$name: $source',
    ({ name, key, nonce, additional, plaintext, sealed }) => {
      const handle = crypto.aeadKey(name, hex(key))
      const plain = hex(plaintext)
      const out = new Uint8Array(plain.length + 20).fill(0xee)
      const end = crypto.seal(handle, hex(nonce), hex(additional), plain, 0, plain.length, out, 2)
      expect(hexOf(out.subarray(2, end))).toBe(sealed)
      expect([out[0], out[1], out[end]]).toEqual([0xee, 0xee, 0xee])
      const back = new Uint8Array(plain.length + 5)
      expect(crypto.open(handle, hex(nonce), hex(additional), out, 2, end, back, 3)).toBe(3 + plain.length)
      expect(hexOf(back.subarray(3, 3 + plain.length))).toBe(plaintext)
      out[end - 1]! ^= 1
      expect(crypto.open(handle, hex(nonce), hex(additional), out, 2, end, back, 0)).toBe(-1)
      expect(crypto.open(handle, hex(nonce), noBytes, out, 2, 5, back, 0)).toBe(-1)
    },
  )
})
