/**
 * One content in many forms: draft numbers of formats, floats of any width, names and times split between base
 * and record wherever a device likes, object lists in link format. All forms read as the same.
 */
import { Encoder } from 'cbor-x'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { instantOf } from '../../../src/base/time.ts'
import { formatLinks, parseLinks } from '../../../src/lwm2m/link.ts'
import type { Path } from '../../../src/lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { decodeDiscover, encodeDiscover } from '../../../src/lwm2m/payload/discover.ts'
import { QuirkSet } from '../../../src/lwm2m/quirks.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { parseSupportedObjects } from '../../../src/lwm2m/supported-objects.ts'
import { everyTypeModel as model, everyTypeObject, singleEntry } from '../../unit/lwm2m/every-type.ts'

const numRuns = 300
const encoder = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true })

describe('numbers of drafts', () => {
  it.each([
    [1541, 0],
    [1542, 11542],
    [1543, 11543],
    [1544, 42],
  ] as const)('%i reads what %i does, and says that it is old', (draft, modern) => {
    fc.assert(
      fc.property(singleEntry, (entry) => {
        const payload = encodePayload(modern, entry.path, [entry])
        if (isRefusal(payload)) return
        const context = { base: entry.path, model }
        const [old, now] = [decodePayload(draft, payload, context), decodePayload(modern, payload, context)]
        if (isFault(old) || isFault(now)) throw new TypeError('what we wrote cannot be read')
        expect(old.entries).toEqual(now.entries)
        expect(old.quirks).toEqual(['format.legacy', ...now.quirks])
      }),
      { numRuns },
    )
  })
})

/** IEEE 754-2019 §3.4, by arithmetic. */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

it('half-precision floats are the numbers they stand for, in CBOR, SenML CBOR and LwM2M CBOR', () => {
  const path: Path = [everyTypeObject, 0, 3]
  const name = Array.from(new TextEncoder().encode(`/${path.join('/')}`))
  const senml = [0x81, 0xa2, 0x00, 0x60 + name.length, ...name, 0x02]
  const nested = [0xa1, 0x83, 0x19, path[0] >> 8, path[0] & 255, 0, 3]
  const wrong: number[] = []
  for (let bits = 0; bits < 0x10000; bits += 11) {
    const half = [0xf9, bits >> 8, bits & 255]
    for (const [contentFormat, before] of [
      [60, []],
      [112, senml],
      [11544, nested],
    ] as const) {
      const decoded = decodePayload(contentFormat, Uint8Array.from([...before, ...half]), { base: path, model })
      const value = isFault(decoded) ? undefined : decoded.entries[0]?.value
      if (value?.type !== 'float' || !Object.is(value.value, halfFloat(bits))) wrong.push(bits)
    }
  }
  expect(wrong).toEqual([])
})

interface Reading {
  readonly path: Path
  readonly value: number
  readonly at: number
}

const id = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 65_534 }))
const reading: fc.Arbitrary<Reading> = fc
  .tuple(id, id, fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 2 ** 28, max: 2 ** 32 }))
  .map(([instance, resourceInstance, value, at]) => ({
    path: [everyTypeObject, instance, 101, resourceInstance],
    value,
    at,
  }))

/** A reading, and where its name and its time are cut in two. */
const cut = fc.tuple(reading, fc.nat({ max: 40 }), fc.nat({ max: 2 ** 27 }))

describe('SenML', () => {
  // RFC 8428 §4.5: base and record are put together, whatever the cut; a base stays until the next one.
  it.each([
    ['JSON', 110],
    ['CBOR', 112],
  ] as const)('%s: names and times mean the same wherever they are cut in two', (_name, contentFormat) => {
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 8 }), (readings) => {
        const records = readings.flatMap(([{ path, value, at }, where, late]) => {
          const name = `/${path.join('/')}`
          const base = { bn: name.slice(0, where % (name.length + 1)), bt: at - late }
          const rest = { n: name.slice(base.bn.length), t: late, v: value }
          // Some packs have the base in a record of its own (RFC 8428 §4.6).
          return where % 2 === 0 ? [base, rest] : [{ ...base, ...rest }]
        })
        const payload = contentFormat === 110 ? new TextEncoder().encode(JSON.stringify(records)) : senmlCbor(records)
        const decoded = decodePayload(contentFormat, payload, { base: [], model })
        if (isFault(decoded)) throw new TypeError(decoded.detail)
        expect(decoded.entries).toEqual(
          readings.map(([{ path, value, at }]) => ({
            path,
            value: { type: 'integer', value: BigInt(value) },
            at: instantOf(at * 1000),
          })),
        )
      }),
      { numRuns },
    )
  })

  it('a base value is added to every number, exactly', () => {
    const whole = fc.bigInt(-(2n ** 60n), 2n ** 60n)
    fc.assert(
      fc.property(whole, fc.array(whole, { minLength: 1, maxLength: 5 }), (base, values) => {
        const records = values.map(
          (v, i) => `{${i === 0 ? `"bv":${base},` : ''}"n":"/${everyTypeObject}/0/101/${i}","v":${v}}`,
        )
        const payload = new TextEncoder().encode(`[${records.join(',')}]`)
        const decoded = decodePayload(110, payload, { base: [], model })
        expect(isFault(decoded) || decoded.entries.map(({ value }) => value)).toEqual(
          values.map((value) => ({ type: 'integer', value: base + value })),
        )
      }),
      { numRuns },
    )
  })

  it('times below 2^28 are relative to now, before it and after it', () => {
    const now = instantOf(1_780_000_000_000)
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 28), max: 2 ** 28 - 1 }), (seconds) => {
        fc.pre(seconds !== 0)
        const payload = new TextEncoder().encode(`[{"n":"/${everyTypeObject}/0/1","v":1,"t":${seconds}}]`)
        const decoded = decodePayload(110, payload, { base: [], model, now })
        expect(isFault(decoded) || decoded.entries[0]?.at).toBe(now + seconds * 1000)
      }),
      { numRuns },
    )
  })
})

const labels: Readonly<Record<string, number>> = { bn: -2, bt: -3, n: 0, v: 2, t: 6 }

function senmlCbor(records: readonly Readonly<Record<string, unknown>>[]): Uint8Array {
  const maps = records.map((record) => new Map(Object.entries(record).map(([label, value]) => [labels[label], value])))
  return new Uint8Array(encoder.encode(maps))
}

describe('link format', () => {
  const objects = fc.uniqueArray(
    fc.record({
      id: id.filter((object) => ![0, 21, 23].includes(object)),
      version: fc.option(fc.constantFrom('1.0', '1.1', '2.10')),
      instances: fc.uniqueArray(id, { maxLength: 4 }),
    }),
    { selector: (object) => object.id, maxLength: 8 },
  )
  const spelling = fc.record({
    root: fc.constantFrom('', '/lwm2m', '/a/b'),
    quoted: fc.boolean(),
    versionOnInstance: fc.boolean(),
    blank: fc.constantFrom('', ' '),
  })

  it('an object list reads the same however a client spells it', () => {
    fc.assert(
      fc.property(objects, spelling, (listed, { root, quoted, versionOnInstance, blank }) => {
        const ver = (version: string | null): string =>
          version === null ? '' : `;${blank}ver=${quoted ? `"${version}"` : version}`
        const links = listed.flatMap(({ id: object, version, instances }) => {
          const below = instances.map((each) => `<${root}/${object}/${each}>${versionOnInstance ? ver(version) : ''}`)
          return below.length > 0 && versionOnInstance ? below : [`<${root}/${object}>${ver(version)}`, ...below]
        })
        const text = [`<${root === '' ? '/' : root}>;rt="oma.lwm2m";ct=${quoted ? '"112"' : '112'}`, ...links].join(
          `,${blank}`,
        )
        const supported = parseSupportedObjects(text)
        if (isFault(supported)) throw new TypeError(supported.detail)
        expect(supported.root).toEqual(root.split('/').filter(Boolean))
        expect(supported.contentFormats).toEqual([112])
        expect(supported.objects).toEqual(
          new Map(
            listed.map(({ id: object, version, instances }) => [
              object,
              { ...(version !== null && { version }), instances: instances.toSorted((a, b) => a - b) },
            ]),
          ),
        )
      }),
      { numRuns },
    )
  })

  it('is total: any text is objects, paths, links, or a fault', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      ';',
      ',',
      '"',
      '=',
      '3',
      '0',
      'ver',
      'ct',
      'rt',
      'oma.lwm2m',
      '\\',
      ' ',
      '1.1',
      '%',
      'ß',
      '\0',
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 80 }).map((pieces) => pieces.join('')),
        (text) => {
          const supported = parseSupportedObjects(text)
          if (!isFault(supported)) for (const object of supported.objects.keys()) expect(object).toBeLessThan(65_536)
          const links = parseLinks(text, new QuirkSet())
          if (isFault(links)) return
          // What was understood can be said again, and means the same.
          expect(parseLinks(formatLinks(links), new QuirkSet())).toEqual(links)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('what a Discover shows reads back', () => {
    const attributes = fc.dictionary(
      fc.constantFrom('pmin', 'pmax', 'gt', 'dim', 'ssid'),
      fc.nat({ max: 9999 }).map(String),
    )
    const discovered = fc
      .tuple(fc.array(id, { minLength: 1, maxLength: 4 }), attributes)
      .map(([path, found]) => ({ path: path as unknown as Path, attributes: { ...found } }))
    const list = fc.uniqueArray(discovered, { selector: ({ path }) => path.join('/'), minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(list, (paths) => {
        const decoded = decodeDiscover(encodeDiscover(paths), [])
        if (isFault(decoded)) throw new TypeError(decoded.detail)
        const byPath = (entries: readonly { readonly path: Path }[]): unknown =>
          new Map(entries.map((entry) => [entry.path.join('/'), entry]))
        expect(byPath(decoded.paths)).toEqual(byPath(paths))
      }),
      { numRuns },
    )
  })
})
