/** LwM2M JSON of 1.0 (LwM2M Core 1.0 §6.4.4), with its own field names and base name rules. */
import { expect, it } from 'vitest'
import { textOf, utf8 } from '../../../src/base/bytes.ts'
import { isFault } from '../../../src/base/fault.ts'
import { instantOf } from '../../../src/base/time.ts'
import { formatPath, type Path } from '../../../src/lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { textOfValue } from '../../../src/lwm2m/value-text.ts'
import { device } from '../../unit/lwm2m/shipped-library.ts'

const { model } = device('1.0', '')
const now = instantOf(1_780_000_000_000)

it.each<[what: string, contentFormat: number, base: Path, json: string, lines: readonly string[]]>([
  [
    'an instance',
    11543,
    [3, 0],
    '{"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"6/0","v":1},{"n":"9","v":100}]}',
    ['/3/0/0 Open Mobile Alliance', '/3/0/6/0 1', '/3/0/9 100'],
  ],
  ['a base name without its slash', 11543, [3, 0], '{"bn":"/3/0","e":[{"n":"9","v":1}]}', ['/3/0/9 1']],
  ['no base name', 11543, [3, 0], '{"e":[{"n":"9","v":1}]}', ['/3/0/9 1']],
  ['a resource without a name', 11543, [3, 0, 9], '{"bn":"/3/0/9","e":[{"v":7}]}', ['/3/0/9 7']],
  ['the draft number', 1543, [3, 0, 9], '{"bn":"/3/0/9","e":[{"v":7}]}', ['/3/0/9 7']],
  ['a link', 11543, [3, 0], '{"bn":"/3/0/","e":[{"n":"22/0","ov":"10:0"}]}', ['/3/0/22/0 10:0']],
  ['octets as base64', 11543, [5, 0, 0], '{"bn":"/5/0/0","e":[{"sv":"+/8="}]}', ['/5/0/0 +/8=']],
  ['an empty object', 11543, [9], '{"bn":"/9/","e":[]}', ['/9 (empty)']],
  [
    'a history',
    11543,
    [3303, 0, 5700],
    '{"bn":"/3303/0/5700","bt":1320078429,"e":[{"v":22.4,"t":-5},{"v":22.9,"t":-30}]}',
    ['/3303/0/5700 22.4 @1320078424000', '/3303/0/5700 22.9 @1320078399000'],
  ],
])('reads %s', (_what, contentFormat, base, json, lines) => {
  const decoded = decodePayload(contentFormat, utf8(json), { base, model, now })
  if (isFault(decoded)) throw new TypeError(decoded.detail)
  expect(
    decoded.entries.map(({ path, value, at }) => {
      const time = at === undefined ? '' : ` @${at}`
      return `${formatPath(path)} ${value === undefined ? '(empty)' : textOfValue(value)}${time}`
    }),
  ).toEqual(lines)
})

it('writes an instance as the standard does', () => {
  const json = '{"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"6/0","v":1},{"n":"9","v":100}]}'
  const decoded = decodePayload(11543, utf8(json), { base: [3, 0], model })
  if (isFault(decoded)) throw new TypeError(decoded.detail)
  const encoded = encodePayload(11543, [3, 0], decoded.entries)
  expect(encoded instanceof Uint8Array && textOf(encoded)).toBe(json)
})
