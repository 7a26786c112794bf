/**
 * Any octets in any format give entries or a fault: never an exception, never a path outside of what was
 * asked for, never more entries than the limit. Random payloads and mutations of real ones.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { instantOf } from '../../../src/base/time.ts'
import { isWithin, rootPath, type Path } from '../../../src/lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { format, type FormatNumber } from '../../../src/lwm2m/payload/content-format.ts'
import { entryLimit } from '../../../src/lwm2m/payload/decoding.ts'
import { decodeDiscover } from '../../../src/lwm2m/payload/discover.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { everyTypeModel as model, everyTypeObject, objectEntries } from '../../unit/lwm2m/every-type.ts'

const formats: readonly FormatNumber[] = Object.values(format)
const bases: readonly Path[] = [
  rootPath,
  [everyTypeObject],
  [everyTypeObject, 7],
  [everyTypeObject, 7, 1],
  [everyTypeObject, 7, 105],
  [everyTypeObject, 7, 105, 0],
]
const now = instantOf(1_780_000_000_000)
const seed = 20_261_121

/** 'entries' or 'fault', or what is wrong with the entries. */
function verdict(contentFormat: number, bytes: Uint8Array, base: Path): string {
  const decoded = decodePayload(contentFormat, bytes, { base, model, now, root: ['lwm2m'] })
  if (isFault(decoded)) return 'fault'
  if (decoded.entries.length > entryLimit) return 'more entries than the limit'
  for (const { path, value, at } of decoded.entries) {
    if (!isWithin(base, path) || (value !== undefined && path.length < 3)) return `a stray path ${path.join('/')}`
    if (at !== undefined && !Number.isFinite(at)) return 'a time that is none'
  }
  return 'entries'
}

it(`random octets are entries or a fault (seed ${seed})`, () => {
  const random = new SeededRandom(seed)
  const verdicts = new Set<string>()
  for (let round = 0; round < 60_000; round++) {
    const bytes = random.bytes(random.uint32() % 48)
    verdicts.add(verdict(formats[round % formats.length]!, bytes, bases[random.uint32() % bases.length]!))
  }
  expect([...verdicts].sort()).toEqual(['entries', 'fault'])
})

it(`mutations of real payloads are entries or a fault (seed ${seed})`, () => {
  const random = new SeededRandom(seed)
  const real: { contentFormat: FormatNumber; payload: Uint8Array; base: Path }[] = []
  for (const entries of fc.sample(objectEntries, { numRuns: 60, seed })) {
    for (const contentFormat of formats) {
      const several = encodePayload(contentFormat, [everyTypeObject], entries)
      if (!isRefusal(several)) real.push({ contentFormat, payload: several, base: [everyTypeObject] })
      const [first] = entries
      const one = encodePayload(contentFormat, first!.path, [first!])
      if (!isRefusal(one)) real.push({ contentFormat, payload: one, base: first!.path })
    }
  }
  const counts = new Map<string, number>()
  for (let round = 0; round < 100_000; round++) {
    const { contentFormat, payload, base } = real[random.uint32() % real.length]!
    const came = verdict(contentFormat, mutated(payload, random), random.uint32() % 8 === 0 ? rootPath : base)
    counts.set(came, (counts.get(came) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual(['entries', 'fault'])
  // Mutations that break everything would prove little.
  expect(counts.get('entries')).toBeGreaterThan(10_000)
})

function mutated(payload: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Array.from(payload)
  for (let changes = 1 + (random.uint32() % 3); changes > 0; changes--) {
    const at = random.uint32() % (bytes.length + 1)
    switch (random.uint32() % 4) {
      case 0:
        bytes[at] = random.uint32() & 0xff
        break
      case 1:
        bytes.splice(at, 1 + (random.uint32() % 4))
        break
      case 2:
        bytes.splice(at, 0, random.uint32() & 0xff)
        break
      default:
        bytes.splice(at, 0, ...bytes.slice(at, at + 8))
    }
  }
  return Uint8Array.from(bytes)
}

it('links of any text are paths or a fault', () => {
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
    'pmin',
    'dim',
    '\\',
    ' ',
    'ver',
    '1.1',
    '%',
    'ß',
  )
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => new TextEncoder().encode(pieces.join('')))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      const discovered = decodeDiscover(bytes, ['lwm2m'])
      expect(isFault(discovered) || discovered.paths.every(({ path }) => path.length <= 4)).toBe(true)
    }),
    { numRuns: 5000 },
  )
})

it.each<[what: string, contentFormat: number, bytes: Uint8Array]>([
  ['JSON nested 60 000 deep', format.senmlJson, new Uint8Array(60_000).fill(0x5b)],
  ['CBOR nested 60 000 deep', format.senmlCbor, new Uint8Array(60_000).fill(0x81)],
  ['CBOR tags 60 000 deep', format.senmlCbor, new Uint8Array(60_000).fill(0xc1)],
  ['indefinite CBOR maps 60 000 deep', format.lwm2mCbor, new Uint8Array(60_000).fill(0xbf)],
  ['a CBOR array that claims 2^32 items', format.senmlCbor, Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
  [
    'a CBOR text that claims 2^63 octets',
    format.cbor,
    Uint8Array.of(0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  ],
  ['TLV of 65 536 empty resources', format.tlv, new Uint8Array(131_072).fill(0xc0)],
  ['SenML JSON of 20 000 records', format.senmlJson, new TextEncoder().encode(`[${'{},'.repeat(20_000)}{}]`)],
])('%s is a fault at once', (_what, contentFormat, bytes) => {
  expect(isFault(decodePayload(contentFormat, bytes, { base: [everyTypeObject, 7, 1], model }))).toBe(true)
})
