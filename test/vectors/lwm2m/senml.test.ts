/** Examples of LwM2M Core 1.2 §7.4 and the rules of RFC 8428 they rest on. */
import { expect, it } from 'vitest'
import { bytesOfHex, hexOf, textOf, utf8 } from '../../../src/base/bytes.ts'
import { isFault } from '../../../src/base/fault.ts'
import { instantOf } from '../../../src/base/time.ts'
import { formatPath, type Path } from '../../../src/lwm2m/path.ts'
import { textOfValue } from '../../../src/lwm2m/value-text.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { format } from '../../../src/lwm2m/payload/content-format.ts'
import { device } from '../../unit/lwm2m/shipped-library.ts'

const { model } = device('1.1', '</3303/0>')
const now = instantOf(1_780_000_000_000)

function decodedLines(contentFormat: number, bytes: Uint8Array, base: Path): readonly string[] {
  const decoded = decodePayload(contentFormat, bytes, { base, model, now })
  if (isFault(decoded)) return [`${decoded.fault} ${decoded.detail}`]
  return decoded.entries.map(({ path, value, at }) => {
    const time = at === undefined ? '' : ` @${at}`
    return `${formatPath(path)} ${value === undefined ? '(empty)' : textOfValue(value)}${time}`
  })
}

const deviceJson =
  '[{"bn":"/3/0/","n":"0","vs":"Open Mobile Alliance"},{"n":"1","vs":"Lightweight M2M Client"},' +
  '{"n":"2","vs":"345000123"},{"n":"3","vs":"1.0"},{"n":"6/0","v":1},{"n":"6/1","v":5},{"n":"7/0","v":3800},' +
  '{"n":"7/1","v":5000},{"n":"8/0","v":125},{"n":"8/1","v":900},{"n":"9","v":100},{"n":"10","v":15},' +
  '{"n":"11/0","v":0},{"n":"13","v":1367491215},{"n":"14","vs":"+02:00"},{"n":"16","vs":"U"}]'

const deviceCbor =
  '90a321652f332f302f00613003744f70656e204d6f62696c6520416c6c69616e6365a200613103764c69676874776569676874204d324d20' +
  '436c69656e74a20061320369333435303030313233a20061330363312e30a20063362f300201a20063362f310205a20063372f3002190ed8' +
  'a20063372f3102191388a20063382f3002187da20063382f3102190384a2006139021864a200623130020fa2006431312f300200' +
  'a200623133021a5182428fa20062313403662b30323a3030a200623136036155'

it('reads and writes the Device object as SenML JSON', () => {
  const decoded = decodePayload(format.senmlJson, utf8(deviceJson), { base: [3, 0], model })
  if (isFault(decoded)) throw new Error(decoded.detail)
  expect(decoded.entries).toHaveLength(16)
  expect(decoded.quirks).toEqual([])
  const encoded = encodePayload(format.senmlJson, [3, 0], decoded.entries)
  expect(encoded instanceof Uint8Array && textOf(encoded)).toBe(deviceJson)
})

it('reads and writes the Device object as SenML CBOR', () => {
  const decoded = decodePayload(format.senmlJson, utf8(deviceJson), { base: [3, 0], model })
  if (isFault(decoded)) throw new Error(decoded.detail)
  const encoded = encodePayload(format.senmlCbor, [3, 0], decoded.entries)
  expect(encoded instanceof Uint8Array && hexOf(encoded)).toBe(deviceCbor)
  const again = decodePayload(format.senmlCbor, bytesOfHex(deviceCbor)!, { base: [3, 0], model })
  expect(again).toEqual(decoded)
})

it.each<[what: string, base: Path, json: string, lines: readonly string[]]>([
  [
    'a history with a base time (RFC 8428 §4.5.3: absolute)',
    [3303],
    '[{"bn":"/3303/","bt":1320078429,"n":"0/5700","v":22.4,"t":-5},{"n":"0/5700","v":22.9,"t":-30},{"n":"0/5700","v":24.1,"t":-50}]',
    ['/3303/0/5700 22.4 @1320078424000', '/3303/0/5700 22.9 @1320078399000', '/3303/0/5700 24.1 @1320078379000'],
  ],
  [
    'a time relative to now',
    [3303, 0, 5700],
    '[{"bn":"/3303/0/5700","v":1,"t":-10}]',
    ['/3303/0/5700 1 @1779999990000'],
  ],
  ['no time at all', [3303, 0, 5700], '[{"bn":"/3303/0/5700","v":1}]', ['/3303/0/5700 1']],
  [
    'a base name that ends inside an id',
    [3, 0],
    '[{"bn":"/3/0/1","n":"4","vs":"+01:00"},{"n":"6","vs":"U"}]',
    ['/3/0/14 +01:00', '/3/0/16 U'],
  ],
  ['a base name in a record of its own', [3, 0], '[{"bn":"/3/0/"},{"n":"14","vs":"Z"}]', ['/3/0/14 Z']],
  ['names without a base', [3, 0], '[{"n":"/3/0/14","vs":"Z"}]', ['/3/0/14 Z']],
  ['names below the path asked for', [3, 0], '[{"n":"14","vs":"Z"}]', ['/3/0/14 Z']],
  ['a base value', [3, 0], '[{"bn":"/3/0/","bv":90,"n":"9","v":5},{"n":"14","vs":"Z"}]', ['/3/0/9 95', '/3/0/14 Z']],
  ['64-bit integers', [3, 0, 10], '[{"n":"/3/0/10","v":9223372036854775807}]', ['/3/0/10 9223372036854775807']],
  ['whole numbers written as floats', [3, 0, 9], '[{"n":"/3/0/9","v":95.0}]', ['/3/0/9 95']],
  ['octets in base64url', [5, 0, 0], '[{"n":"/5/0/0","vd":"-_8"}]', ['/5/0/0 +/8=']],
  [
    'object links',
    [3, 0, 22],
    '[{"bn":"/3/0/22/","n":"0","vlo":"10:0"},{"n":"1","vlo":"65535:65535"}]',
    ['/3/0/22/0 10:0', '/3/0/22/1 65535:65535'],
  ],
])('reads %s', (_what, base, json, lines) => {
  expect(decodedLines(format.senmlJson, utf8(json), base)).toEqual(lines)
})

it.each<[what: string, base: Path, hex: string, lines: readonly string[]]>([
  [
    'a half-precision float (Wakaama)',
    [3303, 0, 5700],
    '81a2006c2f333330332f302f3537303002f94e40',
    ['/3303/0/5700 25'],
  ],
  ['an integer for a float', [3303, 0, 5700], '81a2006c2f333330332f302f3537303002181a', ['/3303/0/5700 26']],
  ['a float for an integer', [3, 0, 9], '81a200662f332f302f3902fb4057c00000000000', ['/3/0/9 95']],
  ['vlo as a text label', [3, 0, 22], '81a200692f332f302f32322f3063766c6f6431303a30', ['/3/0/22/0 10:0']],
  ['an indefinite array of indefinite maps', [3, 0, 9], '9fbf00662f332f302f3902185fffff', ['/3/0/9 95']],
  ['a chunked name', [3, 0, 9], '81a2007f632f332f62302f6139ff0205', ['/3/0/9 5']],
])('reads %s in CBOR', (_what, base, hex, lines) => {
  expect(decodedLines(format.senmlCbor, bytesOfHex(hex)!, base)).toEqual(lines)
})
