/** LwM2M CBOR (LwM2M Core 1.2 §7.4): the same content under every way to write its keys. */
import { expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { isFault } from '../../../src/base/fault.ts'
import { formatPath, rootPath, type Path } from '../../../src/lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { format } from '../../../src/lwm2m/payload/content-format.ts'
import { textOfValue } from '../../../src/lwm2m/value-text.ts'
import type { Entry } from '../../../src/lwm2m/value.ts'
import { device } from '../../unit/lwm2m/shipped-library.ts'

const { model } = device('1.2', '')

it.each<[what: string, hex: string, base: Path, lines: readonly string[]]>([
  ['{[3, 0, 9]: 42}', 'a183030009182a', [3, 0, 9], ['/3/0/9 42']],
  ['{_ [_ 3, 0, 9]: 42}', 'bf9f030009ff182aff', [3, 0, 9], ['/3/0/9 42']],
  ['{3: {0: {9: 42}}}', 'a103a100a109182a', [3, 0], ['/3/0/9 42']],
  ['{[3]: {[0]: {[9]: 42}}}', 'a18103a18100a18109182a', [3, 0], ['/3/0/9 42']],
  ['{[3, 0]: {9: 42, 14: "Z"}}', 'a1820300a209182a0e615a', [3, 0], ['/3/0/9 42', '/3/0/14 Z']],
  ['{[3, 0]: {9: 42}, [3, 0, 14]: "Z"}', 'a2820300a109182a8303000e615a', [3, 0], ['/3/0/9 42', '/3/0/14 Z']],
  ['{[3, 0, 7]: {0: null, 1: 5}}', 'a183030007a200f60105', [3, 0, 7], ['/3/0/7/0 empty', '/3/0/7/1 5']],
  ['{[3, 0, 22, 0]: "10:0"}', 'a184030016006431303a30', [3, 0, 22], ['/3/0/22/0 10:0']],
  ['{3303: {1: {5700: 4([-1, 45])}}}', 'a1190ce7a101a1191644c48220182d', rootPath, ['/3303/1/5700 4.5']],
  ['{}', 'a0', [3, 0], ['/3/0 empty']],
])('reads %s', (_what, hex, base, lines) => {
  const decoded = decodePayload(format.lwm2mCbor, bytesOfHex(hex)!, { base, model })
  if (isFault(decoded)) throw new TypeError(decoded.detail)
  expect(
    decoded.entries.map(
      ({ path, value }) => `${formatPath(path)} ${value === undefined ? 'empty' : textOfValue(value)}`,
    ),
  ).toEqual(lines)
})

it.each<[what: string, hex: string]>([
  ['an integer', '00'],
  ['an array', '8403000901'],
  ['an id beyond 65534', 'a1820319ffffa10005'],
  ['five ids', 'a185030009010205'],
  ['five ids in two keys', 'a183030007a182010205'],
  ['an empty key', 'a18005'],
  ['a text as key', 'a1613305'],
  ['a fraction as key', 'a1f93e00a0'],
  ['an array as value', 'a1830300098101'],
  ['a value for an instance', 'a182030005'],
  ['a path outside of what was asked', 'a1830400021820'],
])('refuses %s', (_what, hex) => {
  expect(isFault(decodePayload(format.lwm2mCbor, bytesOfHex(hex)!, { base: [3], model }))).toBe(true)
})

const level = (path: Path, value: number): Entry => ({ path, value: { type: 'integer', value: BigInt(value) } })

it.each<[what: string, entries: readonly Entry[], hex: string]>([
  ['one resource under one key', [level([3, 0, 9], 42)], 'a183030009182a'],
  ['resources of one instance below it', [level([3, 0, 9], 42), level([3, 0, 10], 1)], 'a1820300a209182a0a01'],
  ['resource instances in a map', [level([3, 0, 7, 0], 1), level([3, 0, 7, 1], 2)], 'a1820300a107a200010102'],
  ['two objects side by side', [level([3, 0, 9], 42), level([4, 0, 2], 1)], 'a2820300a109182a820400a10201'],
])('writes %s', (_what, entries, hex) => {
  const encoded = encodePayload(format.lwm2mCbor, rootPath, entries)
  expect(encoded instanceof Uint8Array && hexOf(encoded)).toBe(hex)
})
