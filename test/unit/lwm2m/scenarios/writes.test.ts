/**
 * What we send in a Write, a Create and composites, in every format: read by codecs that share nothing with
 * ours, and found to be what the operator asked for.
 */
import { describe, expect, it, test } from 'vitest'
import { hexOf, textOf } from '../../../../src/base/bytes.ts'
import { codeText } from '../../../../src/coap/codes.ts'
import type { OutboundRequest } from '../../../../src/coap/types.ts'
import type { Leaf } from '../../../../src/device/payload/leaf.ts'
import { prepareOperation } from '../../../../src/lwm2m/management/check.ts'
import { deviceViewOf } from '../../../../src/lwm2m/management/device-view.ts'
import type { OperationSpec } from '../../../../src/lwm2m/management/operation.ts'
import { buildRequest } from '../../../../src/lwm2m/management/request.ts'
import { ObjectLibrary } from '../../../../src/lwm2m/model/library.ts'
import type { FormatNumber } from '../../../../src/lwm2m/payload/content-format.ts'
import { isRefusal } from '../../../../src/lwm2m/refusal.ts'
import { foreignFormats, foreignLeaves } from '../../../support/foreign-payload.ts'
import { everyTypeDdf, everyTypeObject as object } from '../every-type.ts'

const library = new ObjectLibrary()
library.add(everyTypeDdf)
const links = `</>;rt="oma.lwm2m",</${object}/0>,</${object}/12>`
const view = deviceViewOf(library, { lwm2mVersion: '1.2', links }, {})

function sent(spec: OperationSpec, contentFormat?: number): OutboundRequest {
  const operation = prepareOperation(spec, view)
  if (isRefusal(operation)) throw new TypeError(operation.message)
  const options = contentFormat === undefined ? {} : { contentFormat: contentFormat as FormatNumber }
  const request = buildRequest(operation, view, options)
  if (isRefusal(request)) throw new TypeError(request.message)
  return request
}

/** Resource r is single, resource 100 + r multiple; what the operator writes, and what the device finds. */
const kinds: readonly (readonly [name: string, r: number, type: Leaf['type'], json: unknown, found: Leaf['value']])[] =
  [
    ['string', 0, 'string', 'Grüße ☂', 'Grüße ☂'],
    ['integer', 1, 'integer', -70_000, -70_000],
    ['unsigned', 2, 'integer', 300_000, 300_000],
    ['float', 3, 'float', 21.5, 21.5],
    ['boolean', 4, 'boolean', true, true],
    ['opaque', 5, 'opaque', '0001feff', Uint8Array.of(0, 1, 0xfe, 0xff)],
    ['time', 6, 'time', '2023-11-14T22:13:20Z', 1_700_000_000],
    ['objlnk', 7, 'objlnk', '3303:12', '3303:12'],
    ['corelnk', 8, 'string', '</3303/12>', '</3303/12>'],
  ]
const typeOf = (_: number, resource: number): Leaf['type'] => kinds[resource % 100]![2]

const several = Object.entries(foreignFormats).filter(
  ([name]) => !['text', 'opaque', 'cbor', 'linkFormat'].includes(name),
)
const single = [...several, ['text', foreignFormats.text], ['cbor', foreignFormats.cbor]] as const
const at = (path: readonly number[]): string => `/${path.join('/')}`

/** Of a request: what a device that reads it finds. */
function found(request: OutboundRequest, base: readonly number[]): readonly Leaf[] {
  return foreignLeaves(request.contentFormat!, base, request.payload!, typeOf)
}

describe.each(single)('in %s', (_name, contentFormat) => {
  test.each(kinds)('a resource of type %s', (_type, r, type, json, value) => {
    const path = [object, 0, r]
    const request = sent({ kind: 'write', path: at(path), value: json }, contentFormat)
    expect([codeText(request.code), request.path, request.contentFormat]).toEqual([
      '0.03',
      path.map(String),
      contentFormat,
    ])
    expect(found(request, path)).toEqual([{ path, type, value }])
  })

  test.each(kinds)('a resource instance of type %s', (_type, r, type, json, value) => {
    const path = [object, 0, 100 + r, 300]
    const request = sent({ kind: 'write', path: at(path), value: json }, contentFormat)
    expect(found(request, path)).toEqual([{ path, type, value }])
  })

  it('one value alone is no part of anything: replaced, where devices take a POST for an Execute', () => {
    const request = sent({ kind: 'write-partial', path: at([object, 0, 1]), value: 5 }, contentFormat)
    expect(codeText(request.code)).toBe('0.03')
  })
})

describe.each(several)('in %s', (_name, contentFormat) => {
  test.each(kinds)('a multiple resource of type %s', (_type, r, type, json, value) => {
    const base = [object, 0, 100 + r]
    const request = sent({ kind: 'write', path: at(base), value: { 0: json, 300: json } }, contentFormat)
    expect(codeText(request.code)).toBe('0.03')
    expect(found(request, base)).toEqual([0, 300].map((id) => ({ path: [...base, id], type, value })))
  })

  test.each(['write', 'write-partial'])('an instance: %s', (kind) => {
    const value = Object.fromEntries(kinds.map(([, r, , json]) => [r, json]))
    const request = sent({ kind, path: at([object, 12]), value }, contentFormat)
    expect(codeText(request.code)).toBe(kind === 'write' ? '0.03' : '0.02')
    expect(found(request, [object, 12])).toEqual(
      kinds.map(([, r, type, , value]) => ({ path: [object, 12, r], type, value })),
    )
  })

  it('values added to a multiple resource, which keeps the others', () => {
    const request = sent({ kind: 'write-partial', path: at([object, 0, 101]), value: { 0: 5 } }, contentFormat)
    expect(codeText(request.code)).toBe('0.02')
  })

  it('a new instance with its id', () => {
    const resources = Object.fromEntries(kinds.map(([, r, , json]) => [r, json]))
    const request = sent({ kind: 'create', path: at([object]), value: { instance: 7, resources } }, contentFormat)
    expect([codeText(request.code), request.path]).toEqual(['0.02', [String(object)]])
    expect(found(request, [object])).toEqual(
      kinds.map(([, r, type, , value]) => ({ path: [object, 7, r], type, value })),
    )
  })
})

it('octets go as they are, whatever formats the device names', () => {
  const request = sent({ kind: 'write', path: at([object, 0, 5]), value: 'c0ffee' })
  expect([request.contentFormat, hexOf(request.payload!)]).toEqual([42, 'c0ffee'])
})

it('a new instance without an id is bare resources in TLV: the device chooses', () => {
  const request = sent({ kind: 'create', path: at([object]), value: { 1: 5 } })
  expect([request.contentFormat, hexOf(request.payload!)]).toEqual([11542, 'c10105'])
})

it('an empty new instance says its id and nothing else', () => {
  const request = sent({ kind: 'create', path: at([object]), value: { instance: 7 } })
  expect([request.contentFormat, hexOf(request.payload!)]).toEqual([11542, '000700'.slice(0, 4)])
})

test.each([
  [
    'several resources of several instances',
    { [`/${object}/0/1`]: 5, [`/${object}/12/4`]: false },
    [
      { path: [object, 0, 1], type: 'integer', value: 5 },
      { path: [object, 12, 4], type: 'boolean', value: false },
    ],
  ],
  [
    'a resource and an instance of another',
    { [`/${object}/0/3`]: 1.5, [`/${object}/12/101`]: { 0: 1, 9: 2 } },
    [
      { path: [object, 0, 3], type: 'float', value: 1.5 },
      { path: [object, 12, 101, 0], type: 'integer', value: 1 },
      { path: [object, 12, 101, 9], type: 'integer', value: 2 },
    ],
  ],
] as const)('Write-Composite of %s, in SenML JSON and CBOR', (_what, value, leaves) => {
  for (const contentFormat of [110, 112]) {
    const request = sent({ kind: 'write-composite', path: '', value }, contentFormat)
    expect([codeText(request.code), request.path]).toEqual(['0.07', []])
    expect(found(request, [])).toEqual(leaves)
  }
})

test.each([
  ['the root', '/', ['/']],
  ['resources of two objects', `/${object}/0/1 /${object}/12/4`, [`/${object}/0/1`, `/${object}/12/4`]],
  ['an instance', `/${object}/12`, [`/${object}/12`]],
  [
    'object, instance and resource mixed',
    `/${object} /${object}/0 /${object}/0/3`,
    [`/${object}`, `/${object}/0`, `/${object}/0/3`],
  ],
])('Read-Composite of %s', (_what, path, names) => {
  const request = sent({ kind: 'read-composite', path }, 110)
  expect(codeText(request.code)).toBe('0.05')
  expect((JSON.parse(textOf(request.payload!)!) as { n: string }[]).map(({ n }) => n)).toEqual(names)
})
