/** How the debugging client shows what came: payloads by their format, options, datagrams, URIs. */
import { describe, expect, it } from 'vitest'
import { datagramOf } from '../../../../src/cli/coap/datagram.ts'
import { datagramLine } from '../../../../src/cli/coap/datagram-line.ts'
import { contentFormatOf } from '../../../../src/cli/coap/content-formats.ts'
import { jsonOfPayload, payloadText } from '../../../../src/cli/coap/payload.ts'
import { targetOf } from '../../../../src/cli/coap/target.ts'
import { datagramOf as octetsOf } from '../../../support/coap-notation.ts'

const paint = (_style: string, text: string): string => text
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('a payload', () => {
  it.each<[string, number | undefined, Buffer, string]>([
    ['nothing', 0, hex(''), ''],
    ['text', 0, Buffer.from('21.5 °C\n'), '21.5 °C\n'],
    ['text nobody named', undefined, Buffer.from('21.5'), '21.5\n'],
    ['text that would steer a terminal', 0, Buffer.from('a\u001b[2Jb\tc'), 'a�[2Jb    c\n'],
    [
      'octets nobody named',
      undefined,
      hex('00ff41'),
      '00000000  00 ff 41                                          |..A|\n',
    ],
    [
      'octets',
      42,
      Buffer.from('ABCDEFGHIJKLMNOPQ'),
      `00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|
00000010  51                                                |Q|
`,
    ],
    [
      'a format unknown here',
      9999,
      Buffer.from('A'),
      '00000000  41                                                |A|\n',
    ],
    ['JSON', 50, Buffer.from('{"t":21.5,"u":["x"]}'), '{\n  "t": 21.5,\n  "u": [\n    "x"\n  ]\n}\n'],
    ['what is no JSON', 50, Buffer.from('{"t":'), '{"t":\n'],
    ['CBOR', 60, hex('a2 01 f9 4d60 61 61 82 f5 43 010203'), '{1: 21.5, "a": [true, h\'010203\']}\n'],
    [
      'CBOR with a tag and a large integer',
      60,
      hex('82 c1 1a514b67b0 1bffffffffffffffff'),
      '[0("2013-03-21T20:04:00.000Z"), 18446744073709551615]\n',
    ],
    ['what is no CBOR', 60, hex('a201'), '00000000  a2 01                                             |..|\n'],
    [
      'SenML in CBOR',
      112,
      hex('82 a4 21 65 2f332f302f 00 61 39 02 18 61 01 61 25 a2 00 62 3134 03 66 2b30323a3030'),
      'NAME     VALUE   UNIT  TIME\n/3/0/9   97      %\n/3/0/14  +02:00\n',
    ],
    [
      'SenML in JSON',
      110,
      Buffer.from(
        '[{"bn":"urn:dev:a/","bt":1795219200,"bu":"Cel","n":"t","v":21.5},{"n":"h","u":"%RH","v":40,"t":-60},{"n":"o","vb":true,"t":1}]',
      ),
      `NAME         VALUE  UNIT  TIME
urn:dev:a/t  21.5   Cel   2026-11-21T00:00:00.000Z
urn:dev:a/h  40     %RH   2026-11-20T23:59:00.000Z
urn:dev:a/o  true   Cel   2026-11-21T00:00:01.000Z
`,
    ],
    ['what is no SenML, but CBOR', 112, hex('a0'), '{}\n'],
    [
      'links',
      40,
      Buffer.from('</s/t>;rt="temperature, c";obs;ct=60, </>;title="a \\"b\\""'),
      'PATH  ATTRIBUTES\n/s/t  rt="temperature, c" obs ct=60\n/     title="a \\"b\\""\n',
    ],
    ['what is no list of links', 40, Buffer.from('<a'), '<a\n'],
  ])('is shown: %s', (_name, format, payload, text) => {
    expect(payloadText(payload, format, { paint })).toBe(text)
  })

  it.each<[number | undefined, Buffer, unknown]>([
    [undefined, hex(''), null],
    [0, Buffer.from('x'), 'x'],
    [42, hex('00'), '00'],
    [50, Buffer.from('{"a":1}'), { a: 1 }],
    [60, hex('a10102'), '{1: 2}'],
    [112, hex('81a200614102f5'), [{ name: 'A', value: '1', unit: '', time: '' }]],
    [40, Buffer.from('</a>;obs'), [{ path: '/a', attributes: 'obs' }]],
  ])('of format %s is told to programs', (format, payload, whole) => {
    expect(jsonOfPayload(payload, format)).toEqual(whole)
  })
})

describe('a datagram on its line', () => {
  it.each([
    [
      'CON 7 GET [0a0b] /3/0/9 ?a=1&b Accept=112',
      'CON GET  MID 7  [0a0b]  /3/0/9?a=1&b  Accept=112 (application/senml+cbor)  20 B',
    ],
    [
      'ACK 7 2.05 [0a] Content-Format=0 ETag=0xcafe Block2=3/1/64 "x"',
      'ACK 2.05 Content  MID 7  [0a]  ETag=0xcafe  Content-Format=0 (text/plain)  Block2=3/1/64  13 B',
    ],
    ['ACK 8 2.01 Location-Path=rd Location-Path=x', 'ACK 2.01 Created  MID 8  Location=/rd/x  9 B'],
    ['ACK 9 EMPTY', 'ACK  MID 9  4 B'],
    ['RST 9 EMPTY', 'RST  MID 9  4 B'],
    ['CON 9 EMPTY', 'CON ping  MID 9  4 B'],
    ['NON 9 2.05 [0a] Observe=12 Max-Age=60', 'NON 2.05 Content  MID 9  [0a]  Observe=12  Max-Age=60  9 B'],
    ['CON 9 GET If-None-Match #2050=0x01', 'CON GET  MID 9  If-None-Match  2050=0x01  9 B'],
  ])('%s', (message, line) => {
    const octets = Buffer.from(octetsOf(message))
    const datagram = datagramOf(octets)
    const text = datagramLine({ at: 'T', direction: 'sent', size: octets.length, datagram }, paint)
    expect(text).toBe(`T → ${line}`)
  })

  it('says so where it is no CoAP', () => {
    const datagram = datagramOf(Buffer.from('ff', 'hex'))
    expect(datagramLine({ at: 'T', direction: 'received', size: 1, datagram, remarks: ['odd'] }, paint)).toBe(
      'T ← not CoAP  1 B  odd',
    )
  })
})

describe('a URI', () => {
  it.each([
    ['coap://h', { secure: false, host: 'h', port: 5683, path: [], query: [] }],
    ['h/a', { secure: false, host: 'h', port: 5683, path: ['a'], query: [] }],
    ['127.0.0.1:99/', { host: '127.0.0.1', port: 99, path: [] }],
    ['coap://h/a//b/', { path: ['a', '', 'b', ''] }],
    ['coap://h/a%2Fb/%C3%A9?x=1&y=%26&z', { path: ['a/b', 'é'], query: ['x=1', 'y=&', 'z'] }],
    ['coaps://[2001:db8::1]/a', { secure: true, host: '2001:db8::1', port: 5684 }],
  ])('%s', (uri, target) => {
    expect(targetOf(uri)).toMatchObject(target)
  })

  it.each([
    ['http://h/', /no CoAP URI: http:\/\/ is spoken elsewhere/],
    ['coap://', /no CoAP URI/],
    ['coap://h/#f', /fragment/],
    ['coap://h/%zz', /percent-encoded/],
  ])('%s is refused', (uri, sentence) => {
    expect(() => targetOf(uri)).toThrow(sentence)
  })
})

it.each([
  ['senml-cbor', 112],
  ['application/json', 50],
  ['11542', 11542],
  ['9999', 9999],
])('the content format %s is %i', (text, number) => {
  expect(contentFormatOf('--accept', text)).toBe(number)
})

it.each(['yaml', '65536', '-1'])('%s is no content format', (text) => {
  expect(() => contentFormatOf('--accept', text)).toThrow(/no content format/)
})
