/** The virtual device's own encodings, against octets written out from the standards, not against ours. */
import { describe, expect, it } from 'vitest'
import { decodeLeaves, defaultFormat, encodeLeaves, formats } from '../../../src/device/payload/formats.ts'
import { idsOf, type Leaf, type ResourceType } from '../../../src/device/payload/leaf.ts'

const types: Readonly<Record<number, ResourceType>> = {
  0: 'string',
  1: 'integer',
  2: 'float',
  3: 'boolean',
  4: 'opaque',
  5: 'objlnk',
  6: 'integer',
  13: 'time',
  5700: 'float',
}
const typeOf = (objectId: number, resourceId: number): ResourceType | undefined =>
  objectId === 3 ? types[resourceId] : undefined

const leaf = (path: string, value: Leaf['value']): Leaf => {
  const ids = idsOf(path.split('/'))!
  return { path: ids, type: typeOf(3, ids[2]!)!, value }
}

const hex = (payload: Uint8Array | undefined): string | undefined => payload && Buffer.from(payload).toString('hex')

describe('TLV', () => {
  const cases: readonly [name: string, base: number[], leaves: Leaf[], octets: string][] = [
    ['a short string under its resource', [3, 0, 0], [leaf('3/0/0', 'Acme')], 'c40041636d65'],
    ['eight octets take a length octet', [3, 0, 0], [leaf('3/0/0', '12345678')], 'c800083132333435363738'],
    ['300 octets take two', [3, 0, 0], [leaf('3/0/0', 'x'.repeat(300))], `d000012c${'78'.repeat(300)}`],
    ['an id over 255 takes two octets', [3, 0, 5700], [leaf('3/0/5700', 1.5)], 'e8164408' + '3ff8000000000000'],
    ['integers of each width', [3, 0], [leaf('3/0/1', -1), leaf('3/0/6', 300)], 'c101ffc206012c'],
    ['a four-octet integer', [3, 0, 1], [leaf('3/0/1', 86400)], 'c40100015180'],
    ['an eight-octet integer', [3, 0, 1], [leaf('3/0/1', 2 ** 32)], 'c801080000000100000000'],
    ['a boolean and an object link', [3, 0], [leaf('3/0/3', true), leaf('3/0/5', '66:1')], 'c10301c40500420001'],
    ['a multiple resource', [3, 0, 6], [leaf('3/0/6/0', 1), leaf('3/0/6/1', 5)], '8606410001410105'],
    ['one instance of it', [3, 0, 6, 1], [leaf('3/0/6/1', 5)], '410105'],
    ['an object wraps its instance', [3], [leaf('3/0/1', 7)], '0300c10107'],
  ]
  it.each(cases)('encodes %s', (_, base, leaves, octets) => {
    expect(hex(encodeLeaves(formats.tlv, base, leaves))).toBe(octets)
  })
  it.each(cases)('reads back %s', (_, base, leaves, octets) => {
    expect(decodeLeaves(formats.tlv, base, Buffer.from(octets, 'hex'), typeOf)).toEqual(leaves)
  })

  it('takes an instance with its Object Instance TLV around it too', () => {
    const leaves = decodeLeaves(formats.tlv, [3, 0], Buffer.from('0300c10107', 'hex'), typeOf)
    expect(leaves).toEqual([leaf('3/0/1', 7)])
  })

  it.each([
    ['a length past the end', [3, 0], 'c50041'],
    ['a header cut short', [3, 0], 'e8'],
    ['a three-octet integer', [3, 0], 'c301000000'],
    ['a boolean of 2', [3, 0], 'c10302'],
    ['another resource than was written to', [3, 0, 1], 'c10607'],
    ['a resource instance directly under an instance', [3, 0], '410105'],
  ])('finds %s malformed', (_, base, octets) => {
    expect(decodeLeaves(formats.tlv, base, Buffer.from(octets, 'hex'), typeOf)).toBe('malformed')
  })

  it('does not know a resource it has no type for', () => {
    expect(decodeLeaves(formats.tlv, [3, 0], Buffer.from('c1c801', 'hex'), typeOf)).toBe('unknown-resource')
  })
})

describe('SenML', () => {
  const instance = [
    leaf('3/0/0', 'Acme'),
    leaf('3/0/1', 7),
    leaf('3/0/3', false),
    leaf('3/0/4', Uint8Array.of(1, 255)),
    leaf('3/0/5', '66:1'),
    leaf('3/0/6/0', 1),
  ]

  it('is JSON with one base name', () => {
    const json = encodeLeaves(formats.senmlJson, [3, 0], instance)?.toString()
    expect(JSON.parse(json ?? '')).toEqual([
      { bn: '/3/0/', n: '0', vs: 'Acme' },
      { n: '1', v: 7 },
      { n: '3', vb: false },
      { n: '4', vd: 'Af8' },
      { n: '5', vlo: '66:1' },
      { n: '6/0', v: 1 },
    ])
  })

  it('is CBOR with the integer labels of RFC 8428', () => {
    // [{-2: "/3/0/", 0: "1", 2: 7}, {0: "3", 4: false}, {0: "4", 8: h'01ff'}]
    expect(hex(encodeLeaves(formats.senmlCbor, [3, 0], [instance[1]!, instance[2]!, instance[3]!]))).toBe(
      '83' + 'a321652f332f302f' + '006131' + '0207' + 'a2006133' + '04f4' + 'a2006134' + '084201ff',
    )
  })

  it.each([formats.senmlJson, formats.senmlCbor])('reads back what it wrote (%i)', (format) => {
    const payload = encodeLeaves(format, [3, 0], instance)!
    expect(decodeLeaves(format, [3, 0], payload, typeOf)).toEqual(instance)
  })

  it('names a single resource by its base name alone', () => {
    expect(encodeLeaves(formats.senmlJson, [3, 0, 1], [leaf('3/0/1', 7)])?.toString()).toBe('[{"bn":"/3/0/1","v":7}]')
  })

  it('joins base name and name wherever they are cut, and keeps a base for later records', () => {
    const payload = Buffer.from('[{"bn":"/3/0/"},{"n":"1","v":7},{"bn":"/3/0/1","n":"3","v":1.7e9}]')
    expect(decodeLeaves(formats.senmlJson, [3, 0], payload, typeOf)).toEqual([
      leaf('3/0/1', 7),
      leaf('3/0/13', 1_700_000_000),
    ])
  })

  it.each([
    ['no array', '{}'],
    ['no JSON', '[{'],
    ['a value of another type', '[{"bn":"/3/0/1","vs":"7"}]'],
    ['a name that is no path', '[{"n":"temperature","v":7}]'],
    ['something outside what was written to', '[{"bn":"/3/1/1","v":7}]'],
    ['an integer with a fraction', '[{"bn":"/3/0/1","v":7.5}]'],
  ])('finds %s malformed', (_, json) => {
    expect(decodeLeaves(formats.senmlJson, [3, 0], Buffer.from(json), typeOf)).toBe('malformed')
  })

  it('finds CBOR that ends early malformed', () => {
    expect(decodeLeaves(formats.senmlCbor, [3, 0], Buffer.from('82a2', 'hex'), typeOf)).toBe('malformed')
  })
})

describe('single values', () => {
  it.each<[ResourceType, string, Leaf['value'] | undefined]>([
    ['string', 'a b', 'a b'],
    ['integer', '-12', -12],
    ['integer', '1.5', undefined],
    ['integer', '99999999999999999999', undefined],
    ['float', '-1.25', -1.25],
    ['float', '1e3', 1000],
    ['float', 'warm', undefined],
    ['boolean', '1', true],
    ['boolean', 'true', undefined],
    ['time', '1700000000', 1_700_000_000],
    ['opaque', 'Af8=', Uint8Array.of(1, 255)],
    ['objlnk', '66:1', '66:1'],
    ['objlnk', '66', undefined],
  ])('reads %s %s as text', (type, text, value) => {
    const leaves = decodeLeaves(formats.text, [9, 0, 0], Buffer.from(text), () => type)
    expect(leaves).toEqual(value === undefined ? 'malformed' : [{ path: [9, 0, 0], type, value }])
    if (value !== undefined && text !== '1e3') {
      expect(encodeLeaves(formats.text, [9, 0, 0], [{ path: [9, 0, 0], type, value }])?.toString()).toBe(text)
    }
  })

  it.each<[ResourceType, Leaf['value'], string]>([
    ['integer', 300, '19012c'],
    ['string', 'a', '6161'],
    ['boolean', true, 'f5'],
    ['float', 1.5, 'f93e00'],
    ['opaque', Uint8Array.of(1), '4101'],
  ])('reads %s %s as CBOR', (type, value, octets) => {
    expect(decodeLeaves(formats.cbor, [9, 0, 0], Buffer.from(octets, 'hex'), () => type)).toEqual([
      { path: [9, 0, 0], type, value },
    ])
  })

  it('cannot carry an instance, nor a multiple resource', () => {
    for (const format of [formats.text, formats.cbor, formats.opaque]) {
      expect(encodeLeaves(format, [3, 0], [leaf('3/0/1', 7)])).toBeUndefined()
      expect(encodeLeaves(format, [3, 0, 6], [leaf('3/0/6/0', 7)])).toBeUndefined()
    }
  })

  it('refuses a format it does not read', () => {
    expect(decodeLeaves(11543, [3, 0], Buffer.from('{}'), typeOf)).toBe('unsupported')
  })
})

it('answers a single value as text, octets as they are, all else as SenML CBOR', () => {
  expect(defaultFormat([3, 0, 1], [leaf('3/0/1', 7)])).toBe(formats.text)
  expect(defaultFormat([3, 0, 4], [leaf('3/0/4', Uint8Array.of(1))])).toBe(formats.opaque)
  expect(defaultFormat([3, 0, 6], [leaf('3/0/6/0', 7)])).toBe(formats.senmlCbor)
  expect(defaultFormat([3, 0], [leaf('3/0/1', 7)])).toBe(formats.senmlCbor)
})

it.each(['03', '65536', '-1', '', 'a', '3/0/0/0/0'])('does not take /%s for a path', (text) => {
  expect(idsOf(text.split('/'))).toBeUndefined()
})
