/** Answers of devices, in words. */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, noBytes, utf8 } from '../../../src/base/bytes.ts'
import { instantOf } from '../../../src/base/time.ts'
import { codeOf } from '../../../src/coap/codes.ts'
import { prepareOperation } from '../../../src/lwm2m/management/check.ts'
import type { DeviceView } from '../../../src/lwm2m/management/device-view.ts'
import type { OperationSpec } from '../../../src/lwm2m/management/operation.ts'
import { interpretResponse, type OperationResult, type ResponseParts } from '../../../src/lwm2m/management/response.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { device, usualLinks } from './shipped-library.ts'

const usual = device('1.1', usualLinks)
const now = instantOf(1_780_000_000_000)

function interpret(
  spec: OperationSpec,
  parts: Partial<ResponseParts> & { code: number },
  view: DeviceView = usual,
  asked?: Parameters<typeof interpretResponse>[4],
): OperationResult {
  const operation = prepareOperation(spec, view, { force: true })
  if (isRefusal(operation)) throw new TypeError(operation.message)
  return interpretResponse(operation, view, { payload: noBytes, ...parts }, now, asked)
}

const read = (path: string): OperationSpec => ({ kind: 'read', path })
const content = codeOf(2, 5)

describe('a good answer', () => {
  it('to Read comes with its content by name and unit', () => {
    const result = interpret(read('/3303/0/5700'), { code: content, contentFormat: 0, payload: utf8('21.5') })
    expect(result).toEqual({
      result: 'success',
      code: '2.05',
      entries: [{ path: [3303, 0, 5700], value: { type: 'float', value: 21.5 } }],
      json: { path: '/3303/0/5700', name: 'Sensor Value', type: 'float', value: 21.5 },
      format: 0,
      quirks: [],
    })
  })

  it('to Discover comes with paths and attributes', () => {
    const payload = utf8('</3>;ver=1.1,</3/0/9>;pmin=10,</3/0/7>;dim=2,</x>')
    const result = interpret({ kind: 'discover', path: '/3' }, { code: content, contentFormat: 40, payload })
    expect(result).toMatchObject({
      result: 'success',
      json: [
        { path: '/3', name: 'Device', attributes: { ver: '1.1' } },
        { path: '/3/0/7', name: 'Power Source Voltage', attributes: { dim: '2' } },
        { path: '/3/0/9', name: 'Battery Level', attributes: { pmin: '10' } },
      ],
      quirks: ['links.unknown-target'],
    })
  })

  it.each<[what: string, location: readonly string[], spec: OperationSpec, created: object | undefined]>([
    ['its location', ['3303', '7'], { kind: 'create', path: '/3303' }, { path: '/3303/7' }],
    ['no location but our id', [], { kind: 'create', path: '/3303', value: { instance: 4 } }, { path: '/3303/4' }],
    ['neither', [], { kind: 'create', path: '/3303' }, undefined],
  ])('to Create with %s', (_what, location, spec, created) => {
    expect(interpret(spec, { code: codeOf(2, 1), location })).toMatchObject({ result: 'success', json: created })
  })

  it.each<[what: string, path: string, parts: Partial<ResponseParts>, json: object, quirks: readonly string[]]>([
    ['without a format, of text', '/3/0/0', { payload: utf8('Acme') }, { value: 'Acme' }, ['format.missing']],
    [
      'without a format, of TLV',
      '/3/0',
      { payload: bytesOfHex('c10964')! },
      { resources: { 9: { value: 100 } } },
      ['format.missing'],
    ],
    [
      'without a format, of JSON',
      '/3/0',
      { payload: utf8('[{"n":"/3/0/9","v":7}]') },
      { resources: { 9: { value: 7 } } },
      ['format.missing'],
    ],
    ['without content', '/3/0', {}, { resources: {} }, ['response.payload-missing']],
    [
      'with a wrapped instance',
      '/3/0',
      { contentFormat: 11542, payload: bytesOfHex('080003c10964')! },
      { resources: { 9: { value: 100 } } },
      ['tlv.instance-extra'],
    ],
    [
      'with a bare instance',
      '/3',
      { contentFormat: 11542, payload: bytesOfHex('c10964')! },
      { instances: { 0: { resources: { 9: { value: 100 } } } } },
      ['tlv.instance-missing'],
    ],
    [
      'with a draft format',
      '/3/0',
      { contentFormat: 1542, payload: bytesOfHex('c10964')! },
      { resources: { 9: { value: 100 } } },
      ['format.legacy'],
    ],
    [
      'with a 3-octet integer',
      '/3/0/9',
      { contentFormat: 11542, payload: bytesOfHex('c309ffff9c')! },
      { value: -100 },
      ['tlv.integer-length'],
    ],
    [
      'with bare resource instances',
      '/3/0/7',
      { contentFormat: 11542, payload: bytesOfHex('410005')! },
      { values: { 0: 5 } },
      ['tlv.resource-missing'],
    ],
    [
      'with a resource of its own',
      '/3/0',
      { contentFormat: 11542, payload: bytesOfHex('c26301ff')! },
      { resources: { 99: { type: 'opaque', value: '01ff' } } },
      ['model.unknown-resource'],
    ],
    [
      'with an empty number',
      '/3/0/9',
      { contentFormat: 11542, payload: bytesOfHex('c009')! },
      { type: 'opaque', value: '' },
      ['value.type-differs'],
    ],
    [
      'with an empty text',
      '/3/0/0',
      { contentFormat: 11542, payload: bytesOfHex('c000')! },
      { type: 'string', value: '' },
      [],
    ],
    [
      'with a single one multiple',
      '/3/0',
      { contentFormat: 11542, payload: bytesOfHex('8309410064')! },
      { resources: { 9: { values: { 0: 100 } } } },
      ['value.multiple-differs'],
    ],
    ['with the zero that ends a text in C', '/3/0/9', { contentFormat: 0, payload: utf8('99\0') }, { value: 99 }, []],
    [
      'with a fraction for an integer',
      '/3/0/9',
      { contentFormat: 0, payload: utf8('99.5') },
      { type: 'string', value: '99.5' },
      ['value.type-differs'],
    ],
    [
      'with a success code of another operation',
      '/3/0/9',
      { code: codeOf(2, 4), contentFormat: 0, payload: utf8('99') },
      { value: 99 },
      ['response.code'],
    ],
  ])('%s is understood', (_what, path, parts, json, quirks) => {
    const result = interpret(read(path), { code: content, ...parts })
    expect(result).toMatchObject({ result: 'success', json })
    expect(result.quirks).toEqual(quirks)
  })

  it('in another format than asked for is noted', () => {
    const parts = { code: content, contentFormat: 0, payload: utf8('99') }
    expect(interpret(read('/3/0/9'), parts, usual, 112).quirks).toEqual(['format.not-accepted'])
  })

  it('below an alternate root is understood with and without it', () => {
    const rooted = device('1.1', '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>')
    const with_ = interpret(
      read('/3/0/9'),
      { code: content, contentFormat: 110, payload: utf8('[{"n":"/lwm2m/3/0/9","v":1}]') },
      rooted,
    )
    const without = interpret(
      read('/3/0/9'),
      { code: content, contentFormat: 110, payload: utf8('[{"n":"/3/0/9","v":1}]') },
      rooted,
    )
    expect([with_, without].map(({ result, quirks }) => [result, quirks])).toEqual([
      ['success', ['name.root-prefix']],
      ['success', []],
    ])
  })

  it('of an object without a definition keeps its values raw', () => {
    const unknown = device('1.1', '</31337/0>')
    const result = interpret(
      read('/31337/0'),
      { code: content, contentFormat: 11542, payload: bytesOfHex('c1012a')! },
      unknown,
    )
    expect(result).toMatchObject({ result: 'success', json: { resources: { 1: { type: 'opaque', value: '2a' } } } })
    expect(result.quirks).toEqual(['model.unknown-object', 'model.unknown-resource'])
  })

  it('of an object in another version uses the nearest', () => {
    const other = device('1.1', '</3/0>;ver=1.7')
    expect(interpret(read('/3/0/9'), { code: content, contentFormat: 0, payload: utf8('1') }, other)).toMatchObject({
      json: { value: 1 },
      quirks: ['model.other-version'],
    })
  })
})

describe('a refusal', () => {
  it.each<[spec: OperationSpec, code: number, payload: string, reason: string]>([
    [read('/3/0/4'), codeOf(4, 5), '', '4.05: the device does not allow anybody to read /3/0/4 (Device / Reboot)'],
    [read('/3/0/9'), codeOf(4, 4), '', '4.04: there is no /3/0/9 (Device / Battery Level) on the device'],
    [
      { kind: 'execute', path: '/3/0/4' },
      codeOf(4, 1),
      '',
      '4.01: the device does not let this server execute /3/0/4 (Device / Reboot): its access control (object 2) gives us no right to',
    ],
    [
      { kind: 'write', path: '/3/0/14', value: 'Z' },
      codeOf(4, 3),
      'no',
      '4.03: the device does not let this server write /3/0/14 (Device / UTC Offset): its access control (object 2) gives us no right to (the device says: no)',
    ],
    [
      { kind: 'write-attributes', path: '/3/0', value: 'pmin=1' },
      codeOf(4, 0),
      '',
      '4.00: the device does not take these attributes for /3/0 (Device)',
    ],
    [
      { kind: 'create', path: '/3303' },
      codeOf(4, 0),
      'x\u0007\ny',
      '4.00: the device could not make an instance of /3303 (Temperature) of this: a mandatory value may be missing (the device says: x y)',
    ],
    [
      { kind: 'create', path: '/3303' },
      codeOf(4, 15),
      '',
      '4.15: the device cannot read the content format it was sent (without an instance id that is always TLV: name one)',
    ],
    [
      { kind: 'read-composite', path: '/3/0 /4/0' },
      codeOf(5, 1),
      '',
      "5.01: the device does not implement 'read-composite'",
    ],
    [read('/3/0'), codeOf(4, 6), '', '4.06: the device cannot answer in the content format asked for'],
    [read('/3/0'), codeOf(4, 27), '', '4.27: an unknown code'],
    [read('/3/0'), codeOf(5, 2), '', '5.02: bad gateway'],
  ])('%j with %i', (spec, code, payload, reason) => {
    expect(interpret(spec, { code, payload: utf8(payload) })).toMatchObject({ result: 'failure', reason })
  })
})

describe('an answer nobody can read', () => {
  it.each<[what: string, parts: Partial<ResponseParts>, reason: string]>([
    [
      'cut TLV',
      { contentFormat: 11542, payload: bytesOfHex('c80064')! },
      'the device answered in content format 11542, which cannot be read: TLV at octet 0 runs past the end',
    ],
    [
      'an unknown format',
      { contentFormat: 50, payload: utf8('{}') },
      'the device answered in content format 50, which cannot be read: content format 50',
    ],
    [
      'another path',
      { contentFormat: 110, payload: utf8('[{"n":"/4/0/2","v":1}]') },
      'the device answered in content format 110, which cannot be read: /4/0/2 in an answer for /3/0',
    ],
  ])('%s', (_what, parts, reason) => {
    const result = interpret(read('/3/0'), { code: content, ...parts })
    expect(result).toMatchObject({ result: 'undecodable', code: '2.05', reason })
    expect(result.result === 'undecodable' && result.payload).toMatch(/^[0-9a-f]+$/)
  })
})
