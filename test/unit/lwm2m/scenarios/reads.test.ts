/**
 * What devices answer to a Read, in every format and at every level of the data model: written by codecs that
 * share nothing with ours, read into the same values whichever way they came.
 */
import { describe, expect, it, test } from 'vitest'
import { noBytes } from '../../../../src/base/bytes.ts'
import { instantOf } from '../../../../src/base/time.ts'
import { codeOf } from '../../../../src/coap/codes.ts'
import type { Leaf } from '../../../../src/device/payload/leaf.ts'
import { prepareOperation } from '../../../../src/lwm2m/management/check.ts'
import { deviceViewOf } from '../../../../src/lwm2m/management/device-view.ts'
import { interpretResponse, type OperationResult } from '../../../../src/lwm2m/management/response.ts'
import { ObjectLibrary } from '../../../../src/lwm2m/model/library.ts'
import { isRefusal } from '../../../../src/lwm2m/refusal.ts'
import { foreignFormats, foreignPayload } from '../../../support/foreign-payload.ts'
import { everyTypeDdf, everyTypeObject as object } from '../every-type.ts'

const library = new ObjectLibrary()
library.add(everyTypeDdf)
const view = deviceViewOf(library, { lwm2mVersion: '1.2', links: `</${object}/0>,</${object}/12>` }, {})
const now = instantOf(1_780_000_000_000)

const octets = Uint8Array.of(0, 1, 0xfe, 0xff)

/** Resource r is single, resource 100 + r multiple; the value, and as what the operator sees it. */
const kinds: readonly (readonly [name: string, r: number, type: Leaf['type'], value: Leaf['value'], seen: unknown])[] =
  [
    ['string', 0, 'string', 'Grüße ☂', 'Grüße ☂'],
    ['integer', 1, 'integer', -70_000, -70_000],
    ['unsigned', 2, 'integer', 3_000_000_000, 3_000_000_000],
    ['float', 3, 'float', 21.5, 21.5],
    ['boolean', 4, 'boolean', true, true],
    ['opaque', 5, 'opaque', octets, '0001feff'],
    ['time', 6, 'time', 1_700_000_000, '2023-11-14T22:13:20Z'],
    ['objlnk', 7, 'objlnk', '3303:12', '3303:12'],
    ['corelnk', 8, 'string', '</3303/12>', '</3303/12>'],
  ]

const several = Object.entries(foreignFormats).filter(
  ([name]) => !['text', 'opaque', 'cbor', 'linkFormat'].includes(name),
)
const single = [...several, ['text', foreignFormats.text], ['cbor', foreignFormats.cbor]] as const

function read(path: string, contentFormat: number, payload: Uint8Array): OperationResult {
  const operation = prepareOperation({ kind: 'read', path }, view)
  if (isRefusal(operation)) throw new TypeError(operation.message)
  return interpretResponse(operation, view, { code: codeOf(2, 5), contentFormat, payload }, now)
}

const at = (path: readonly number[]): string => `/${path.join('/')}`

describe.each(single)('in %s', (_name, contentFormat) => {
  test.each(kinds)('a resource of type %s', (_type, r, type, value, seen) => {
    const path = [object, 0, r]
    const result = read(at(path), contentFormat, foreignPayload(contentFormat, path, [{ path, type, value }]))
    expect(result).toMatchObject({ result: 'success', json: { path: at(path), value: seen } })
  })

  test.each(kinds)('a resource instance of type %s', (_type, r, type, value, seen) => {
    const path = [object, 0, 100 + r, 300]
    const result = read(at(path), contentFormat, foreignPayload(contentFormat, path, [{ path, type, value }]))
    expect(result).toMatchObject({ result: 'success', json: { path: at(path), value: seen } })
  })
})

describe.each(several)('in %s', (_name, contentFormat) => {
  test.each(kinds)('a multiple resource of type %s', (_type, r, type, value, seen) => {
    const base = [object, 0, 100 + r]
    const leaves = [0, 1, 300].map((id): Leaf => ({ path: [...base, id], type, value }))
    const result = read(at(base), contentFormat, foreignPayload(contentFormat, base, leaves))
    expect(result).toMatchObject({
      result: 'success',
      json: { path: at(base), values: { 0: seen, 1: seen, 300: seen } },
    })
  })

  it('an instance with a resource of every type', () => {
    const base = [object, 12]
    const leaves = kinds.map(([, r, type, value]): Leaf => ({ path: [...base, r], type, value }))
    const resources = Object.fromEntries(kinds.map(([, r, , , seen]) => [r, { value: seen }]))
    const result = read(at(base), contentFormat, foreignPayload(contentFormat, base, leaves))
    expect(result).toMatchObject({ result: 'success', json: { path: at(base), resources } })
  })

  it('an object with two instances, one of them beyond ten', () => {
    const leaves = [0, 12].flatMap((instance) =>
      kinds.map(([, r, type, value]): Leaf => ({ path: [object, instance, r], type, value })),
    )
    const resources = Object.fromEntries(kinds.map(([, r, , , seen]) => [r, { value: seen }]))
    const result = read(at([object]), contentFormat, foreignPayload(contentFormat, [object], leaves))
    expect(result).toMatchObject({
      result: 'success',
      json: { path: at([object]), instances: { 0: { resources }, 12: { resources } } },
    })
  })

  it('an empty octet string', () => {
    const path = [object, 0, 5]
    const leaf: Leaf = { path, type: 'opaque', value: new Uint8Array(0) }
    const result = read(at(path), contentFormat, foreignPayload(contentFormat, path, [leaf]))
    expect(result).toMatchObject({ result: 'success', json: { value: '' } })
  })
})

it('octets as they are, and none of them', () => {
  const path = at([object, 0, 5])
  expect(read(path, 42, octets)).toMatchObject({ result: 'success', json: { value: '0001feff' } })
  expect(read(path, 42, noBytes)).toMatchObject({ result: 'success', json: { value: '' } })
})

test.each([
  ['TLV', 11542, ''],
  ['SenML JSON', 110, '5b5d'],
  ['SenML CBOR', 112, '80'],
  ['LwM2M JSON', 11543, Buffer.from(`{"bn":"/${object}","e":[]}`).toString('hex')],
  ['LwM2M CBOR', 11544, 'a0'],
])('an object without instances in %s', (_name, contentFormat, hex) => {
  const result = read(at([object]), contentFormat, Uint8Array.from(Buffer.from(hex, 'hex')))
  expect(result).toMatchObject({ result: 'success', json: { path: at([object]), instances: {} } })
})

test.each([
  [1541, '35'],
  [1542, 'c10135'.replace('35', '05')],
  [1543, Buffer.from(`{"bn":"/${object}/0/1","e":[{"v":5}]}`).toString('hex')],
])('a draft number, %i, is read as its successor and noted', (contentFormat, hex) => {
  const result = read(at([object, 0, 1]), contentFormat, Uint8Array.from(Buffer.from(hex, 'hex')))
  expect(result).toMatchObject({ result: 'success', json: { value: 5 } })
  expect(result.quirks).toContain('format.legacy')
})

test.each([
  ['the largest there is', 'c80108' + '7fffffffffffffff', '9223372036854775807'],
  ['the smallest there is', 'c80108' + '8000000000000000', '-9223372036854775808'],
  ['beyond what a double holds', 'c80108' + '0020000000000001', '9007199254740993'],
])('an integer of 64 bits, %s, keeps every digit', (_what, hex, digits) => {
  const result = read(at([object, 0, 1]), 11542, Uint8Array.from(Buffer.from(hex, 'hex')))
  expect(result.result === 'success' && result.entries[0]?.value).toEqual({ type: 'integer', value: BigInt(digits) })
  expect(result).toMatchObject({ json: { value: digits } })
})
