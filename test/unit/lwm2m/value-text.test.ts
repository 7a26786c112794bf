/** What operators write, by the model's type and range. */
import { describe, expect, it } from 'vitest'
import type { Path } from '../../../src/lwm2m/path.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { displayOf, parseOperatorValue, type OperatorValue } from '../../../src/lwm2m/value-text.ts'
import type { Value } from '../../../src/lwm2m/value.ts'
import { device } from './shipped-library.ts'

const { model } = device('1.2', '</3303/0>;ver=1.1')
const definition = (path: Path) => model.resource(path)

describe('a value by the model', () => {
  it.each<[path: Path, given: OperatorValue, value: Value]>([
    [[3, 0, 14], '+02:00', { type: 'string', value: '+02:00' }],
    [[3, 0, 14], '1', { type: 'string', value: '1' }],
    [[1, 0, 1], '86400', { type: 'integer', value: 86400n }],
    [[1, 0, 1], 86400, { type: 'integer', value: 86400n }],
    [[1, 0, 1], '9223372036854775807', { type: 'integer', value: 9223372036854775807n }],
    [[1, 0, 17], 3, { type: 'unsigned', value: 3n }],
    [[1, 0, 6], 'on', { type: 'boolean', value: true }],
    [[1, 0, 6], '0', { type: 'boolean', value: false }],
    [[1, 0, 6], false, { type: 'boolean', value: false }],
    [[3, 0, 13], '2026-05-17T08:00:00Z', { type: 'time', value: 1779004800n }],
    [[3, 0, 13], '2026-05-17T10:00:00+02:00', { type: 'time', value: 1779004800n }],
    [[3, 0, 13], '2026-05-17', { type: 'time', value: 1778976000n }],
    [[3, 0, 13], 1779004800, { type: 'time', value: 1779004800n }],
    [[5, 0, 0], '0xDEAD beef', { type: 'opaque', value: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) }],
    [[1, 0, 10], '11:0', { type: 'objlnk', object: 11, instance: 0 }],
    [[3202, 0, 5603], '-1.5e3', { type: 'float', value: -1500 }],
  ])('%j %s', (path, given, value) => {
    expect(parseOperatorValue(definition(path), given)).toEqual(value)
  })

  it.each<[path: Path, given: OperatorValue, message: string]>([
    [[1, 0, 1], 'soon', "'soon' is not a whole number of 64 bits, which 'Lifetime' takes."],
    [[1, 0, 1], 1.5, "'1.5' is not a whole number of 64 bits, which 'Lifetime' takes."],
    [
      [1, 0, 1],
      '9223372036854775808',
      "'9223372036854775808' is not a whole number of 64 bits, which 'Lifetime' takes.",
    ],
    [[1, 0, 17], -1, "'-1' is not a whole number from 0, of 64 bits, which 'Communication Retry Count' takes."],
    [[1, 0, 6], 'maybe', "'maybe' is not true or false, which 'Notification Storing When Disabled or Offline' takes."],
    [
      [3, 0, 13],
      'noon',
      "'noon' is not a time like 2026-05-17T08:00:00Z or seconds since 1970, which 'Current Time' takes.",
    ],
    [[5, 0, 0], 'xyz', "'xyz' is not octets as hexadecimal digits, which 'Package' takes."],
    [[3311, 0, 5851], 101, "'Dimmer' takes 0 to 100 %, not '101'."],
    [[5, 0, 1], 'x'.repeat(256), `'Package URI' takes 0 to 255 octets long, not '${'x'.repeat(57)}…'.`],
    [[5, 0, 11], 3, "'Severity' takes 0 to 2, not '3'."],
    [[3, 0, 4], 'x', "'Reboot' takes no value: it can only be executed."],
  ])('%j refuses %s', (path, given, message) => {
    expect(parseOperatorValue(definition(path), given)).toMatchObject({ message, forcible: true })
  })

  it('lets force decide by what was given', () => {
    expect(parseOperatorValue(definition([3311, 0, 5851]), 101, true)).toEqual({ type: 'integer', value: 101n })
    expect(parseOperatorValue(definition([1, 0, 1]), 'soon', true)).toEqual({ type: 'string', value: 'soon' })
  })
})

it.each<[given: OperatorValue, type: Value['type']]>([
  ['5', 'integer'],
  ['5.5', 'float'],
  ['x', 'string'],
  [true, 'boolean'],
  [5, 'integer'],
])('without a definition %s is a %s', (given, type) => {
  const value = parseOperatorValue(undefined, given)
  expect(isRefusal(value) ? value : value.type).toBe(type)
})

it.each<[value: Value, text: string]>([
  [{ type: 'time', value: 1779004800n }, '2026-05-17T08:00:00Z'],
  [{ type: 'time', value: 10n ** 18n }, '1000000000000000000'],
  [{ type: 'opaque', value: Uint8Array.of(1, 255) }, '01ff'],
  [{ type: 'boolean', value: true }, 'true'],
])('shows %o to people as %s', (value, text) => {
  expect(displayOf(value)).toBe(text)
})
