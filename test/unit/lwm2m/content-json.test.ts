/** The shape of content in the HTTP API, both ways. */
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../src/base/time.ts'
import { contentJson, entriesOfJson, isWriteJson, jsonOfValue, samplesJson } from '../../../src/lwm2m/content-json.ts'
import type { Path } from '../../../src/lwm2m/path.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import type { Entry, Value } from '../../../src/lwm2m/value.ts'
import { device } from './shipped-library.ts'

const { model } = device('1.0', '</3303/0>;ver=1.1')

const integer = (value: number | bigint): Value => ({ type: 'integer', value: BigInt(value) })

describe('a value as JSON', () => {
  it.each<[value: Value, json: string | number | boolean]>([
    [integer(2 ** 53 - 1), 9007199254740991],
    [integer(2n ** 53n), '9007199254740992'],
    [integer(-(2n ** 63n)), '-9223372036854775808'],
    [{ type: 'unsigned', value: 2n ** 64n - 1n }, '18446744073709551615'],
    [{ type: 'float', value: 21.5 }, 21.5],
    [{ type: 'float', value: NaN }, 'NaN'],
    [{ type: 'float', value: -Infinity }, '-Infinity'],
    [{ type: 'boolean', value: false }, false],
    [{ type: 'opaque', value: Uint8Array.of(0, 0xab) }, '00ab'],
    [{ type: 'time', value: 0n }, '1970-01-01T00:00:00Z'],
    [{ type: 'objlnk', object: 65535, instance: 65535 }, '65535:65535'],
    [{ type: 'corelnk', value: '</3>' }, '</3>'],
  ])('%o', (value, json) => {
    expect(jsonOfValue(value)).toBe(json)
  })
})

const entries: readonly Entry[] = [
  { path: [3, 0, 0], value: { type: 'string', value: 'Acme' } },
  { path: [3, 0, 7, 0], value: integer(3800) },
  { path: [3, 0, 7, 1], value: integer(5000) },
  { path: [3, 0, 11] },
]

const battery = {
  path: '/3/0/7',
  name: 'Power Source Voltage',
  type: 'integer',
  unit: 'mV',
  values: { 0: 3800, 1: 5000 },
}

describe('content as a tree', () => {
  it('of an instance', () => {
    expect(contentJson([3, 0], entries, model)).toEqual({
      path: '/3/0',
      name: 'Device',
      resources: {
        0: { path: '/3/0/0', name: 'Manufacturer', type: 'string', value: 'Acme' },
        7: battery,
        11: { path: '/3/0/11', name: 'Error Code', type: 'integer', values: {} },
      },
    })
  })

  it('of an object, and of the root', () => {
    const object = contentJson([3], entries, model)
    expect(object.instances?.[0]?.resources?.[7]).toEqual(battery)
    expect(contentJson([], entries, model)).toEqual({ path: '/', objects: { 3: object } })
  })

  it('of a resource and of a resource instance', () => {
    expect(contentJson([3, 0, 7], entries, model)).toEqual(battery)
    expect(contentJson([3, 0, 7, 1], entries, model)).toEqual({
      path: '/3/0/7/1',
      name: 'Power Source Voltage',
      type: 'integer',
      unit: 'mV',
      value: 5000,
    })
  })

  it('of an object nobody knows', () => {
    const raw: Entry = { path: [31337, 0, 1], value: { type: 'opaque', value: Uint8Array.of(7) } }
    expect(contentJson([31337], [raw], model)).toEqual({
      path: '/31337',
      instances: { 0: { path: '/31337/0', resources: { 1: { path: '/31337/0/1', type: 'opaque', value: '07' } } } },
    })
  })

  it('of a history shows the last, and samples show all', () => {
    const at = instantOf(1_320_078_424_000)
    const history: readonly Entry[] = [
      { path: [3303, 0, 5700], value: { type: 'float', value: 22.4 }, at },
      { path: [3303, 0, 5700], value: { type: 'float', value: 22.9 } },
    ]
    expect(contentJson([3303, 0, 5700], history, model).value).toBe(22.9)
    expect(samplesJson(history, model)).toEqual([
      { path: '/3303/0/5700', name: 'Sensor Value', value: 22.4, at: '2011-10-31T16:27:04.000Z' },
      { path: '/3303/0/5700', name: 'Sensor Value', value: 22.9 },
    ])
  })
})

describe('content to be written', () => {
  it.each<[path: Path, json: unknown, written: readonly Entry[]]>([
    [[3, 0, 14], '+02:00', [{ path: [3, 0, 14], value: { type: 'string', value: '+02:00' } }]],
    [
      [3, 0],
      { 14: '+02:00', timezone: 'Europe/Berlin' },
      [
        { path: [3, 0, 14], value: { type: 'string', value: '+02:00' } },
        { path: [3, 0, 15], value: { type: 'string', value: 'Europe/Berlin' } },
      ],
    ],
    [
      [2, 0, 2],
      { 1: 1, 2: 31 },
      [
        { path: [2, 0, 2, 1], value: integer(1) },
        { path: [2, 0, 2, 2], value: integer(31) },
      ],
    ],
    [[2, 0, 2], [7], [{ path: [2, 0, 2, 0], value: integer(7) }]],
    [[2, 0, 2], {}, [{ path: [2, 0, 2] }]],
    [[2, 0, 2, 5], 3, [{ path: [2, 0, 2, 5], value: integer(3) }]],
    [[3303], { 2: { 5750: 'cellar' } }, [{ path: [3303, 2, 5750], value: { type: 'string', value: 'cellar' } }]],
  ])('at %j: %j', (path, json, written) => {
    expect(isWriteJson(json) && entriesOfJson(path, json, model)).toEqual(written)
  })

  it.each<[path: Path, json: unknown, message: string]>([
    [[3, 0], 5, '/3/0 takes an object of values by id or name, not one value.'],
    [[3, 0, 14], { 0: 'x' }, "'UTC Offset' has one value, no instances."],
    [[2, 0, 2], 5, '\'ACL\' has instances: give [values] or {"0": value}.'],
    [[3, 0], { nonsense: 1 }, "/3/0 has nothing called 'nonsense'."],
    [[2, 0, 2, 0], { 0: 1 }, '/2/0/2/0 takes one value.'],
    [[2, 0], { 2: { 0: 32 } }, "'ACL' takes 0 to 31, not '32'."],
  ])('at %j refuses %j', (path, json, message) => {
    const { model: newer } = device('1.2', '')
    const refused = isWriteJson(json) ? entriesOfJson(path, json, newer) : undefined
    expect(isRefusal(refused) && refused.message).toBe(message)
  })

  it.each([null, undefined, { a: null }, { a: { b: { c: { d: { e: 1 } } } } }, () => 1])(
    '%s is nothing to write',
    (json) => {
      expect(isWriteJson(json)).toBe(false)
    },
  )
})
