/** Examples of RFC 8949 Appendix A: what we write, and what we read. */
import { expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { isFault } from '../../../src/base/fault.ts'
import { CborWriter } from '../../../src/lwm2m/payload/cbor.ts'
import { decodeCbor, rawOfCbor } from '../../../src/lwm2m/payload/cbor-decode.ts'
import { QuirkSet } from '../../../src/lwm2m/quirks.ts'

it.each<[hex: string, write: (writer: CborWriter) => CborWriter]>([
  ['00', (w) => w.integer(0)],
  ['01', (w) => w.integer(1)],
  ['0a', (w) => w.integer(10)],
  ['17', (w) => w.integer(23)],
  ['1818', (w) => w.integer(24)],
  ['1819', (w) => w.integer(25)],
  ['1864', (w) => w.integer(100)],
  ['1903e8', (w) => w.integer(1000)],
  ['1a000f4240', (w) => w.integer(1_000_000)],
  ['1b000000e8d4a51000', (w) => w.integer(1_000_000_000_000)],
  ['1bffffffffffffffff', (w) => w.integer(18446744073709551615n)],
  ['3bffffffffffffffff', (w) => w.integer(-18446744073709551616n)],
  ['20', (w) => w.integer(-1)],
  ['29', (w) => w.integer(-10)],
  ['3863', (w) => w.integer(-100)],
  ['3903e7', (w) => w.integer(-1000)],
  ['fa47c35000', (w) => w.float(100_000)],
  ['fa7f7fffff', (w) => w.float(3.4028234663852886e38)],
  ['fb3ff199999999999a', (w) => w.float(1.1)],
  ['fb7e37e43c8800759c', (w) => w.float(1.0e300)],
  ['fbc010666666666666', (w) => w.float(-4.1)],
  ['fa7f800000', (w) => w.float(Infinity)],
  ['fa7fc00000', (w) => w.float(NaN)],
  ['f4', (w) => w.boolean(false)],
  ['f5', (w) => w.boolean(true)],
  ['f6', (w) => w.null()],
  ['40', (w) => w.bytes(Uint8Array.of())],
  ['4401020304', (w) => w.bytes(Uint8Array.of(1, 2, 3, 4))],
  ['60', (w) => w.text('')],
  ['6161', (w) => w.text('a')],
  ['62225c', (w) => w.text('"\\')],
  ['62c3bc', (w) => w.text('ü')],
  ['63e6b0b4', (w) => w.text('水')],
  ['64f0908591', (w) => w.text('\u{10151}')],
  ['80', (w) => w.array(0)],
  ['83010203', (w) => w.array(3).integer(1).integer(2).integer(3)],
  ['a0', (w) => w.map(0)],
  ['a201020304', (w) => w.map(2).integer(1).integer(2).integer(3).integer(4)],
  ['826161a161626163', (w) => w.array(2).text('a').map(1).text('b').text('c')],
  ['c11a514b67b0', (w) => w.tag(1).integer(1_363_896_240)],
])('writes %s', (hex, write) => {
  expect(hexOf(write(new CborWriter()).finish())).toBe(hex)
})

const map = (...pairs: [unknown, unknown][]): ReadonlyMap<unknown, unknown> => new Map(pairs)

it.each<[hex: string, value: unknown]>([
  ['00', 0],
  ['1818', 24],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000n],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['c249010000000000000000', 18446744073709551616n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['c349010000000000000000', -18446744073709551617n],
  ['20', -1],
  ['3863', -100],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f98000', -0],
  ['f93c00', 1],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['f97bff', 65504],
  ['fa47c35000', 100_000],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['f9c400', -4],
  ['fbc010666666666666', -4.1],
  ['f97c00', Infinity],
  ['f97e00', NaN],
  ['f9fc00', -Infinity],
  ['fa7fc00000', NaN],
  ['fb7ff0000000000000', Infinity],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
  ['c11a514b67b0', 1_363_896_240],
  ['c1fb41d452d9ec200000', 1_363_896_240.5],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, index) => index + 1)],
  ['a0', map()],
  ['a201020304', map([1, 2], [3, 4])],
  ['a26161016162820203', map(['a', 1], ['b', [2, 3]])],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9fff', []],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['83018202039f0405ff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', map(['a', 1], ['b', [2, 3]])],
  ['826161bf61626163ff', ['a', map(['b', 'c'])]],
])('reads %s', (hex, value) => {
  const decoded = decodeCbor(bytesOfHex(hex)!, new QuirkSet())
  expect(isFault(decoded) ? decoded : decoded.item).toEqual(value)
})

it('joins the chunks of octets', () => {
  const decoded = decodeCbor(bytesOfHex('5f42010243030405ff')!, new QuirkSet())
  expect(isFault(decoded) ? decoded : rawOfCbor(decoded.item)).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
})

it('reads a decimal fraction (RFC 8949 §3.4.4)', () => {
  const decoded = decodeCbor(bytesOfHex('c48221196ab3')!, new QuirkSet())
  expect(isFault(decoded) ? decoded : rawOfCbor(decoded.item)).toBe(273.15)
})

it.each<[what: string, hex: string, fault: string]>([
  ['nothing', '', 'cbor.truncated'],
  ['half an integer', '19ff', 'cbor.truncated'],
  ['half a text', '6461', 'cbor.truncated'],
  ['an array without its items', '8201', 'cbor.truncated'],
  ['an indefinite array without a break', '9f01', 'cbor.truncated'],
  ['two items', '0000', 'cbor.trailing'],
  ['a lone break', 'ff', 'cbor.malformed'],
  ['a reserved head', '1c', 'cbor.malformed'],
  ['an indefinite integer', '1f', 'cbor.malformed'],
  ['an unknown simple value', 'f0', 'cbor.malformed'],
  ['a chunk of another type', '5f6161ff', 'cbor.malformed'],
  ['a chunk without an end of its own', '5f5f4100ffff', 'cbor.malformed'],
  ['a text that is no UTF-8', '61ff', 'cbor.utf8'],
  ['a key twice', 'a201000101', 'cbor.duplicate-key'],
  ['a map that ends after a key', 'bf01ff', 'cbor.malformed'],
  ['a big number of 20 octets', `c254${'01'.repeat(20)}`, 'cbor.big-number'],
])('refuses %s', (_what, hex, fault) => {
  expect(decodeCbor(bytesOfHex(hex)!, new QuirkSet())).toMatchObject({ fault })
})

it('drops tags that mean nothing here, and says so', () => {
  const quirks = new QuirkSet()
  expect(decodeCbor(bytesOfHex('d9d9f7d8400a')!, quirks)).toEqual({ item: 10 })
  expect(quirks.list()).toEqual(['cbor.tag'])
})
