/** An object with a single and a multiple resource of every type, and entries of it for property tests. */
import fc from 'fast-check'
import { instantOf } from '../../../src/base/time.ts'
import { parseDdf } from '../../../src/lwm2m/model/ddf.ts'
import { deviceModel, ObjectLibrary } from '../../../src/lwm2m/model/library.ts'
import type { Path } from '../../../src/lwm2m/path.ts'
import {
  largestInteger,
  largestUnsigned,
  smallestInteger,
  type Entry,
  type Value,
  type ValueType,
} from '../../../src/lwm2m/value.ts'

export const everyTypeObject = 30_000

/** Resource r is single, resource 100 + r multiple. */
export const typesByResource: readonly (readonly [ValueType, ddfType: string])[] = [
  ['string', 'String'],
  ['integer', 'Integer'],
  ['unsigned', 'Unsigned Integer'],
  ['float', 'Float'],
  ['boolean', 'Boolean'],
  ['opaque', 'Opaque'],
  ['time', 'Time'],
  ['objlnk', 'Objlnk'],
  ['corelnk', 'Corelnk'],
]

function item(id: number, multiple: string, type: string): string {
  return `<Item ID="${id}"><Name>Resource ${id}</Name><Operations>RW</Operations><MultipleInstances>${multiple}</MultipleInstances>
<Mandatory>Optional</Mandatory><Type>${type}</Type><RangeEnumeration></RangeEnumeration><Units></Units><Description></Description></Item>`
}

export const everyTypeDdf = `<?xml version="1.0"?><LWM2M><Object ObjectType="MODefinition"><Name>Every Type</Name><Description1></Description1>
<ObjectID>${everyTypeObject}</ObjectID><ObjectURN>urn:oma:lwm2m:x:${everyTypeObject}</ObjectURN><LWM2MVersion>1.0</LWM2MVersion>
<ObjectVersion>1.0</ObjectVersion><MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Resources>
${typesByResource.map(([, type], index) => item(index, 'Single', type) + item(100 + index, 'Multiple', type)).join('\n')}
</Resources></Object></LWM2M>`

const library = new ObjectLibrary()
library.add(everyTypeDdf)
export const everyTypeModel = deviceModel(library, '1.1')
export const everyTypeProblems = parseDdf(everyTypeDdf).problems

const text = fc.string({ unit: 'binary', maxLength: 40 })

export function valueOf(type: ValueType): fc.Arbitrary<Value> {
  switch (type) {
    case 'string':
    case 'corelnk':
      return text.map((value) => ({ type, value }))
    case 'integer':
    case 'time':
      return wholeNumber(smallestInteger, largestInteger).map((value) => ({ type, value }))
    case 'unsigned':
      return wholeNumber(0n, largestUnsigned).map((value) => ({ type, value }))
    case 'float':
      return fc.oneof(fc.double(), fc.float(), fc.integer()).map((value) => ({ type, value }))
    case 'boolean':
      return fc.boolean().map((value) => ({ type, value }))
    case 'opaque':
      return fc.uint8Array({ maxLength: 300 }).map((value) => ({ type, value }))
    case 'objlnk':
      return fc
        .tuple(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 65535 }))
        .map(([object, instance]) => ({ type, object, instance }))
  }
}

/** Values of few and of many octets alike. */
function wholeNumber(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  return fc.tuple(fc.bigInt(min, max), fc.integer({ min: 0, max: 63 })).map(([value, shift]) => value >> BigInt(shift))
}

const smallId = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 65534 }))

/** One value of a single resource or a resource instance. */
export const singleEntry: fc.Arbitrary<Entry> = fc
  .tuple(smallId, fc.nat({ max: typesByResource.length - 1 }), fc.option(smallId))
  .chain(([instance, index, resourceInstance]) => {
    const path: Path =
      resourceInstance === null
        ? [everyTypeObject, instance, index]
        : [everyTypeObject, instance, 100 + index, resourceInstance]
    return valueOf(typesByResource[index]![0]).map((value): Entry => ({ path, value }))
  })

/** Entries of different paths below one object, in the order of the data model. */
export const objectEntries: fc.Arbitrary<readonly Entry[]> = fc
  .uniqueArray(singleEntry, { minLength: 1, maxLength: 12, selector: (entry) => entry.path.join('/') })
  .map((entries) => [...entries].sort((a, b) => orderOf(a.path, b.path)))

export const instanceEntries: fc.Arbitrary<readonly Entry[]> = objectEntries.map((entries) => {
  const renamed = entries.map((entry) => ({
    ...entry,
    path: [...entry.path.slice(0, 1), 7, ...entry.path.slice(2)] as unknown as Path,
  }))
  const unique = new Map(renamed.map((entry) => [entry.path.join('/'), entry]))
  return [...unique.values()].sort((a, b) => orderOf(a.path, b.path))
})

function orderOf(a: Path, b: Path): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** A history: values of few paths at many times, newest not always last. */
export const timedEntries: fc.Arbitrary<readonly Entry[]> = fc.array(
  fc
    .tuple(singleEntry, fc.option(fc.integer({ min: 2 ** 28 * 1000, max: 4_000_000_000_000 })))
    .map(([entry, at]): Entry => (at === null ? entry : { ...entry, at: instantOf(at) })),
  { minLength: 1, maxLength: 12 },
)
