/**
 * Additional data and record layout of each CID dialect, octet by octet as the documents print them, watched
 * at the port to the primitives.
 */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, noBytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { Association, type AssociationTerms } from '../../../src/dtls/association.ts'
import { keyBlockLength } from '../../../src/dtls/association-keys.ts'
import { RecordLayer } from '../../../src/dtls/record-layer.ts'
import { suiteOf } from '../../../src/dtls/suites.ts'
import type { CidDialect } from '../../../src/dtls/wire/hello-extensions.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'
import { start } from '../../support/dtls-peer.ts'

function sealedWith(
  suiteNumber: number,
  peerCid: string,
  cidDialect: CidDialect,
): { additional: string; nonce: string; inner: string; record: string } {
  const crypto = nodeCrypto()
  let seen = { additional: '', nonce: '', inner: '' }
  const watching = {
    ...crypto,
    seal: (...call: Parameters<typeof crypto.seal>) => {
      const [, nonce, additional, buffer, from, to] = call
      seen = { additional: hexOf(additional), nonce: hexOf(nonce), inner: hexOf(buffer.subarray(from, to)) }
      return crypto.seal(...call)
    },
  }
  const suite = suiteOf(suiteNumber)!
  const block = new Uint8Array(keyBlockLength(suite)).map((_, i) => i)
  const terms: AssociationTerms = {
    role: 'client',
    suite,
    keyBlock: block,
    principal: { kind: 'anonymous' },
    ownCid: noBytes,
    peerCid: bytesOfHex(peerCid)!,
    cidDialect,
    extendedMasterSecret: true,
    returnRoutability: false,
    recordLimit: 16_384,
  }
  const association = new Association(watching, 1, terms, start, 0, Number.POSITIVE_INFINITY, 1)
  association.writeSequence = 0x0102_0304_0506
  const out = new Uint8Array(100)
  const content = new Uint8Array([0xaa, 0xbb, 0xcc])
  const end = new RecordLayer(watching, new SeededRandom(1)).seal(association, 23, content, 0, 3, out, 0)
  return { ...seen, record: hexOf(out.subarray(0, end)) }
}

const sequence = '010203040506'

describe('what a record is authenticated with', () => {
  it('without a CID: epoch, number, type, version, length (RFC 5246 §6.2.3.3)', () => {
    const { additional, nonce, inner, record } = sealedWith(0xc0a8, '', 54)
    expect(additional).toBe(`0001${sequence}` + '17' + 'fefd' + '0003')
    // client write IV behind two 16-octet keys, then the explicit part
    expect(nonce).toBe('20212223' + `0001${sequence}`)
    expect(inner).toBe('aabbcc')
    expect(record.slice(0, 42)).toBe('17' + 'fefd' + '0001' + sequence + '0013' + `0001${sequence}`)
  })

  it('with extension 54: eight times ff, 25, cid length, 25, version, epoch, number, cid, length (RFC 9146 §5.3)', () => {
    const { additional, inner, record } = sealedWith(0xc0a8, 'c1c2c3', 54)
    expect(additional).toBe('ffffffffffffffff' + '19' + '03' + '19' + 'fefd' + '0001' + sequence + 'c1c2c3' + '0004')
    expect(additional.length / 2).toBe(23 + 3)
    expect(inner).toBe('aabbcc17')
    expect(record.slice(0, 32)).toBe('19' + 'fefd' + '0001' + sequence + 'c1c2c3' + '0014')
  })

  it.each([53, 254] as const)(
    'with extension %i: number, 25, version, cid, cid length, length (draft 05 §5.3)',
    (dialect) => {
      const { additional, inner } = sealedWith(0xc0a8, 'c1c2c3', dialect)
      expect(additional).toBe(`0001${sequence}` + '19' + 'fefd' + 'c1c2c3' + '03' + '0004')
      expect(inner).toBe('aabbcc17')
    },
  )

  it('ChaCha20-Poly1305 has the number over its IV and sends no part of the nonce (RFC 7905 §2)', () => {
    const { nonce, record } = sealedWith(0xccab, '', 54)
    // client write IV is octets 64 to 75 of the key block
    const iv = Array.from({ length: 12 }, (_, i) => 64 + i)
    const number = [0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6]
    expect(nonce).toBe(hexOf(new Uint8Array(iv.map((octet, i) => octet ^ number[i]!))))
    expect(record.length / 2).toBe(13 + 3 + 16)
  })
})
