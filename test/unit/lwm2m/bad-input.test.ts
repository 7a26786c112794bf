/** What a device gets for input that cannot be used, from octets to response. */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { textOf, utf8, bytesOfHex } from '../../../src/base/bytes.ts'
import { isFault, type Fault } from '../../../src/base/fault.ts'
import { instantOf } from '../../../src/base/time.ts'
import { codeText } from '../../../src/coap/codes.ts'
import { diagnosticLimit, reactionNames, reactionTo } from '../../../src/lwm2m/reactions.ts'
import { quirks, quirkSentence, type QuirkName } from '../../../src/lwm2m/quirks.ts'
import { parseRegister } from '../../../src/lwm2m/registration.ts'
import { decodeSend } from '../../../src/lwm2m/send.ts'
import { post } from './requests.ts'
import { device, usualLinks } from './shipped-library.ts'

const thermometer = device('1.1', usualLinks)
const now = instantOf(1_780_000_000_000)
const senmlJson = (text: string) => decodeSend(110, utf8(text), thermometer, now)

function answer(result: object): string {
  if (!isFault(result)) return 'accepted'
  const { code, payload } = reactionTo(result)
  return `${codeText(code)} ${payload === undefined ? '' : textOf(payload)}`.trim()
}

describe('an uplink', () => {
  it.each<[what: string, result: object, expected: string]>([
    [
      'Register in a version to come',
      parseRegister(post('ep=a&lwm2m=2.0')),
      '4.12 this server speaks LwM2M 1.0, 1.1 and 1.2',
    ],
    ['Register without a name', parseRegister(post('')), '4.00 ep= is missing'],
    ['Register with broken links', parseRegister(post('ep=a', '</3/0')), "4.00 expected <target> at octet 0: '</3/0'"],
    ['Send of SenML that is none', senmlJson('{"n":1}'), '4.00 SenML is an array of records'],
    ['Send of half a payload', senmlJson('[{"n":"/3303/0/57'), expect.stringMatching(/^4\.00 /) as string],
    [
      'Send of a name that is no path',
      senmlJson('[{"n":"urn:dev:ow:1","v":1}]'),
      "4.00 'urn:dev:ow:1' is not an id from 0 to 65534",
    ],
    ['Send of a value for an instance', senmlJson('[{"n":"/3303/0","v":1}]'), '4.00 a value for /3303/0'],
    [
      'Send of an object not registered',
      senmlJson('[{"n":"/3304/0/5700","v":1}]'),
      '4.04 /3304/0/5700 was not registered',
    ],
    [
      'Send of a label that must be understood',
      senmlJson('[{"n":"/3303/0/5700","v":1,"x_":1}]'),
      "4.00 'x_' of a SenML record cannot be used",
    ],
    [
      'Send as TLV',
      decodeSend(11542, bytesOfHex('c10964')!, thermometer, now),
      '4.15 Send takes SenML JSON, SenML CBOR or LwM2M CBOR',
    ],
    [
      'Send as XML',
      decodeSend(41, utf8('<a/>'), thermometer, now),
      '4.15 Send takes SenML JSON, SenML CBOR or LwM2M CBOR',
    ],
    [
      'Send of CBOR with a key twice',
      decodeSend(112, bytesOfHex('81a200010001')!, thermometer, now),
      '4.00 a map has one key twice',
    ],
  ])('%s: %s', (_what, result, expected) => {
    expect(answer(result)).toEqual(expected)
  })

  it('gets a diagnostic it can print, and a short one', () => {
    const fault: Fault = { fault: 'links.syntax', detail: `ü\u0007${'x'.repeat(500)}` }
    const payload = reactionTo(fault).payload!
    expect(payload).toHaveLength(diagnosticLimit)
    expect(textOf(payload)).toMatch(/^\?\?x+$/)
  })

  it('with a fault without a row is a bad request', () => {
    expect(codeText(reactionTo({ fault: 'tlv.truncated' }).code)).toBe('4.00')
    expect(reactionNames).toContain('registration.version')
  })
})

describe('Send', () => {
  it('takes values with times in their order, whatever the format', () => {
    const json = '[{"bn":"/3303/0/5700","bt":1780000000,"v":20},{"t":-60,"v":19},{"bn":"/3303/1/5700","v":5}]'
    const sent = senmlJson(json)
    expect(isFault(sent) ? sent : sent.entries.map(({ path, at }) => `${path.join('/')} ${at}`)).toEqual([
      '3303/0/5700 1780000000000',
      '3303/0/5700 1779999940000',
      '3303/1/5700 1780000000000',
    ])
  })

  it('without a Content-Format is recognised', () => {
    const cbor = bytesOfHex('81a2006c2f333330332f302f3537303002f94e40')!
    expect(decodeSend(undefined, cbor, thermometer, now)).toMatchObject({ quirks: ['format.missing'] })
    expect(decodeSend(undefined, utf8('[{"n":"/3303/0/5700","v":1}]'), thermometer, now)).toHaveProperty('entries')
    expect(decodeSend(undefined, bytesOfHex('a183190ce7001916440a')!, thermometer, now)).toHaveProperty('entries')
  })

  it('keeps values of another type, and says so', () => {
    expect(senmlJson('[{"n":"/3303/0/5700","vs":"warm"}]')).toEqual({
      entries: [{ path: [3303, 0, 5700], value: { type: 'string', value: 'warm' } }],
      quirks: ['value.type-differs'],
    })
    expect(senmlJson('[{"n":"/3303/0/5700","vs":"20.5"}]')).toEqual({
      entries: [{ path: [3303, 0, 5700], value: { type: 'float', value: 20.5 } }],
      quirks: ['value.number-as-text'],
    })
  })
})

it('every quirk can happen, and reads as a sentence', () => {
  // What cannot be read at all is noted where it comes in.
  const folders = ['lwm2m', 'engine'].map((room) => new URL(`../../../src/${room}/`, import.meta.url))
  const source = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile() && file.name !== 'quirks.ts')
    .map((file) => readFileSync(`${file.parentPath}/${file.name}`, 'utf8'))
    .join('\n')
  const names = Object.keys(quirks) as QuirkName[]
  expect(names.filter((name) => !source.includes(`'${name}'`))).toEqual([])
  expect(quirkSentence('value.number-as-text')).toBe('sends numbers as text; they were read as numbers')
})
