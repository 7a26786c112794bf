/** Every format reads back what it wrote, and keeps nothing of the buffer it read from. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { rootPath, type Path } from '../../../src/lwm2m/path.ts'
import { decodePayload, decodePaths, encodePaths, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { format, formatName, type FormatNumber } from '../../../src/lwm2m/payload/content-format.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { sameEntry, type Entry } from '../../../src/lwm2m/value.ts'
import {
  everyTypeModel as model,
  everyTypeObject,
  everyTypeProblems,
  instanceEntries,
  objectEntries,
  singleEntry,
  timedEntries,
} from '../../unit/lwm2m/every-type.ts'

/** What of `entries` did not come back as it was written; nothing where all is well. */
function lost(contentFormat: FormatNumber, base: Path, entries: readonly Entry[]): readonly unknown[] {
  const payload = encodePayload(contentFormat, base, entries)
  if (isRefusal(payload)) return [payload.message]
  const received = payload.slice()
  const decoded = decodePayload(contentFormat, received, { base, model })
  // Whatever was kept of the payload must not change with it.
  received.fill(0xaa)
  if (isFault(decoded)) return [decoded]
  if (decoded.entries.length !== entries.length) return [decoded.entries]
  return entries.filter((entry, index) => !sameEntry(entry, decoded.entries[index]!))
}

/** Enough to meet odd values, short enough for every run of the suite. */
const numRuns = 300

const several: readonly FormatNumber[] = [
  format.tlv,
  format.senmlJson,
  format.senmlCbor,
  format.senmlEtchJson,
  format.senmlEtchCbor,
  format.json,
  format.lwm2mCbor,
]

it('the object behind these tests is sound', () => {
  expect(everyTypeProblems).toEqual([])
})

describe.each(several.map((number) => [formatName(number), number] as const))('%s', (_name, contentFormat) => {
  it('reads back an object', () => {
    fc.assert(
      fc.property(objectEntries, (entries) => {
        expect(lost(contentFormat, [everyTypeObject], entries)).toEqual([])
      }),
      { numRuns },
    )
  })

  it('reads back an instance', () => {
    fc.assert(
      fc.property(instanceEntries, (entries) => {
        expect(lost(contentFormat, [everyTypeObject, 7], entries)).toEqual([])
      }),
      { numRuns },
    )
  })

  it('reads back one value', () => {
    fc.assert(
      fc.property(singleEntry, (entry) => {
        expect(lost(contentFormat, entry.path, [entry])).toEqual([])
      }),
      { numRuns },
    )
  })
})

describe.each([
  ['text', format.text],
  ['cbor', format.cbor],
] as const)('%s', (_name, contentFormat) => {
  it('reads back one value', () => {
    fc.assert(
      fc.property(singleEntry, (entry) => {
        expect(lost(contentFormat, entry.path, [entry])).toEqual([])
      }),
      { numRuns },
    )
  })
})

it('opaque reads back octets', () => {
  const octets = singleEntry.filter(({ value }) => value?.type === 'opaque')
  fc.assert(
    fc.property(octets, (entry) => {
      expect(lost(format.opaque, entry.path, [entry])).toEqual([])
    }),
    { numRuns },
  )
})

it.each([format.senmlJson, format.senmlCbor, format.json])('format %i reads back a history', (contentFormat) => {
  fc.assert(
    fc.property(timedEntries, (entries) => {
      expect(lost(contentFormat, rootPath, entries)).toEqual([])
    }),
    { numRuns },
  )
})

it.each([format.tlv, format.lwm2mCbor, format.senmlEtchJson, format.senmlEtchCbor, format.json])(
  'format %i reads back what is empty',
  (contentFormat) => {
    const single: Entry = { path: [everyTypeObject, 7, 1], value: { type: 'integer', value: 5n } }
    expect(lost(contentFormat, [everyTypeObject, 7], [single, { path: [everyTypeObject, 7, 103] }])).toEqual([])
  },
)

it.each([format.tlv, format.lwm2mCbor])('format %i reads back an empty instance', (contentFormat) => {
  expect(lost(contentFormat, [everyTypeObject], [{ path: [everyTypeObject, 3] }])).toEqual([])
})

it('lists of paths read back', () => {
  const id = fc.integer({ min: 0, max: 65534 })
  const path = fc.array(id, { minLength: 1, maxLength: 4 }).map((ids) => ids as unknown as Path)
  const formats = fc.constantFrom(format.senmlJson, format.senmlCbor, format.senmlEtchJson, format.senmlEtchCbor)
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 20 }), formats, (paths, contentFormat) => {
      const payload = encodePaths(contentFormat, paths)
      if (isRefusal(payload)) throw new TypeError(payload.message)
      expect(decodePaths(contentFormat, payload)).toEqual(paths)
    }),
    { numRuns },
  )
})
