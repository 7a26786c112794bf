/** Content formats by name and number, which one a device gets, and Discover's links both ways. */
import { describe, expect, it } from 'vitest'
import { textOf } from '../../../src/base/bytes.ts'
import type { FormatMemory } from '../../../src/lwm2m/management/device-view.ts'
import { formatForComposite, formatToAccept, formatToWrite } from '../../../src/lwm2m/management/format-choice.ts'
import type { Path } from '../../../src/lwm2m/path.ts'
import {
  format,
  formatName,
  formatNamed,
  formatNames,
  formatOf,
  isLegacyFormat,
  type FormatNumber,
} from '../../../src/lwm2m/payload/content-format.ts'
import { decodeDiscover, encodeDiscover, type DiscoveredPath } from '../../../src/lwm2m/payload/discover.ts'
import type { Entry, Value } from '../../../src/lwm2m/value.ts'
import { device } from './shipped-library.ts'

it('names and numbers of formats belong together', () => {
  for (const number of Object.values(format)) {
    expect(formatNamed(formatName(number))).toBe(number)
    expect(formatNamed(String(number))).toBe(number)
  }
  expect(formatNames).toHaveLength(Object.values(format).length)
  expect([1541, 1542, 1543, 1544].map(formatOf)).toEqual([format.text, format.tlv, format.json, format.opaque])
  expect([formatOf(50), formatNamed('yaml'), formatNamed('70000')]).toEqual([undefined, undefined, undefined])
  expect([isLegacyFormat(1542), isLegacyFormat(11542)]).toEqual([true, false])
})

const text: Value = { type: 'string', value: 'x' }
const octets: Value = { type: 'opaque', value: Uint8Array.of(1) }
const one = (value: Value): readonly Entry[] => [{ path: [3, 0, 14], value }]
const two: readonly Entry[] = [
  { path: [3, 0, 14], value: text },
  { path: [3, 0, 15], value: text },
]

describe('the format of a write', () => {
  it.each<
    [version: string, ct: string, base: Path, entries: readonly Entry[], memory: FormatMemory, chosen: FormatNumber]
  >([
    ['1.0', '', [3, 0, 14], one(text), {}, format.tlv],
    ['1.0', '11543', [3, 0, 14], one(text), {}, format.json],
    ['1.1', '', [3, 0, 14], one(text), {}, format.text],
    ['1.1', '', [3, 0], two, {}, format.senmlCbor],
    ['1.1', '110', [3, 0], two, {}, format.senmlJson],
    ['1.1', '110 112 11542', [3, 0], two, {}, format.senmlCbor],
    ['1.2', '112 11544', [3, 0], two, {}, format.lwm2mCbor],
    ['1.1', '112', [3, 0], two, { accepted: format.tlv }, format.tlv],
    ['1.1', '112', [3, 0], two, { accepted: format.text }, format.senmlCbor],
    ['1.1', '112', [3, 0, 14], one(octets), {}, format.opaque],
    ['1.1', '112', [3, 0], one(octets), {}, format.senmlCbor],
    ['1.1', '112', [3, 0, 7], [{ path: [3, 0, 7] }], {}, format.tlv],
    ['1.2', '112 11544', [3, 0, 7], [{ path: [3, 0, 7] }], {}, format.lwm2mCbor],
  ])('%s with ct "%s" at %j', (version, ct, base, entries, memory, chosen) => {
    const view = device(version, `</>;rt="oma.lwm2m"${ct === '' ? '' : `;ct="${ct}"`},</3/0>`, memory)
    expect(formatToWrite(view, base, entries)).toBe(chosen)
  })
})

describe('the format of an answer', () => {
  it.each<[ct: string, memory: FormatMemory, chosen: FormatNumber | undefined]>([
    ['', {}, undefined],
    ['0 40 42', {}, undefined],
    ['60', {}, undefined],
    ['110 112', {}, format.senmlCbor],
    ['112 11544', {}, format.lwm2mCbor],
    ['112', { answered: format.tlv }, format.tlv],
    ['112', { answered: format.text }, format.senmlCbor],
  ])('with ct "%s" and %j', (ct, memory, chosen) => {
    expect(formatToAccept(device('1.1', `</>;ct="${ct}",</3/0>`, memory), [3, 0])).toBe(chosen)
  })

  it.each<[ct: string, etch: boolean, chosen: FormatNumber]>([
    ['', false, format.senmlCbor],
    ['110', false, format.senmlJson],
    ['110', true, format.senmlEtchJson],
    ['110 112', true, format.senmlEtchCbor],
  ])('of a composite with ct "%s"', (ct, etch, chosen) => {
    expect(formatForComposite(device('1.2', `</>;ct="${ct}",</3/0>`), etch)).toBe(chosen)
  })
})

describe('Discover', () => {
  const paths: readonly DiscoveredPath[] = [
    { path: [3], attributes: { ver: '1.1', pmin: '10' } },
    { path: [3, 0], attributes: { pmax: '60' } },
    { path: [3, 0, 7], attributes: { dim: '8', gt: '50', lt: '42.2' } },
    { path: [3, 0, 7, 1], attributes: {} },
  ]

  it('reads back what it wrote', () => {
    expect(textOf(encodeDiscover(paths))).toBe(
      '</3>;ver=1.1;pmin=10,</3/0>;pmax=60,</3/0/7>;dim=8;gt=50;lt=42.2,</3/0/7/1>',
    )
    expect(decodeDiscover(encodeDiscover(paths))).toEqual({ paths, quirks: [] })
  })

  it('reads what a bootstrap client says (LwM2M Core 1.2 §6.1.7.3)', () => {
    const links = '</>;lwm2m=1.2,</0/0>;ssid=101;uri="coaps://s.example:5684",</0/1>,</1/0>;ssid=101,</3/0>'
    expect(decodeDiscover(new TextEncoder().encode(links))).toMatchObject({
      enabler: '1.2',
      paths: [
        { path: [0, 0], attributes: { ssid: '101', uri: 'coaps://s.example:5684' } },
        { path: [0, 1], attributes: {} },
        { path: [1, 0], attributes: { ssid: '101' } },
        { path: [3, 0], attributes: {} },
      ],
      quirks: [],
    })
  })

  it('drops an alternate root and sorts', () => {
    const links = new TextEncoder().encode('</lwm2m/3/0/9>,</lwm2m/3/0>')
    expect(decodeDiscover(links, ['lwm2m'])).toMatchObject({ paths: [{ path: [3, 0] }, { path: [3, 0, 9] }] })
  })
})
