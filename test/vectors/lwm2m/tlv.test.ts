/** Examples of LwM2M Core 1.2 §7.4 (TLV), byte for byte. */
import { expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { isFault } from '../../../src/base/fault.ts'
import { formatPath, type Path } from '../../../src/lwm2m/path.ts'
import { textOfValue } from '../../../src/lwm2m/value-text.ts'
import { decodePayload, encodePayload } from '../../../src/lwm2m/payload/codec.ts'
import { format } from '../../../src/lwm2m/payload/content-format.ts'
import { device, library } from '../../unit/lwm2m/shipped-library.ts'

const { model } = device('1.0', '')

/** The standard's object 65, which only its examples have. */
const exampleDdf = `<LWM2M><Object><Name>Example</Name><ObjectID>65</ObjectID><ObjectURN>urn:x</ObjectURN>
<ObjectVersion>1.0</ObjectVersion><MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Resources>
<Item ID="0"><Name>Res 0</Name><Operations>RW</Operations><MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Type>Objlnk</Type></Item>
<Item ID="1"><Name>Res 1</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>String</Type></Item>
<Item ID="2"><Name>Res 2</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>Integer</Type></Item>
</Resources></Object></LWM2M>`
library.add(exampleDdf)

const deviceInstance = [
  'c800144f70656e204d6f62696c6520416c6c69616e6365',
  'c801164c69676874776569676874204d324d20436c69656e74',
  'c80209333435303030313233',
  'c303312e30',
  '8606410001410105',
  '88070842000ed842011388',
  '870841007d42010384',
  'c10964',
  'c10a0f',
  '830b410000',
  'c40d5182428f',
  'c60e2b30323a3030',
  'c11055',
].join('')

const deviceValues = [
  '/3/0/0 Open Mobile Alliance',
  '/3/0/1 Lightweight M2M Client',
  '/3/0/2 345000123',
  '/3/0/3 1.0',
  '/3/0/6/0 1',
  '/3/0/6/1 5',
  '/3/0/7/0 3800',
  '/3/0/7/1 5000',
  '/3/0/8/0 125',
  '/3/0/8/1 900',
  '/3/0/9 100',
  '/3/0/10 15',
  '/3/0/11/0 0',
  '/3/0/13 1367491215',
  '/3/0/14 +02:00',
  '/3/0/16 U',
]

const examples: readonly [what: string, base: Path, hex: string, values: readonly string[]][] = [
  ['the Device object instance', [3, 0], deviceInstance, deviceValues],
  ['the Device object', [3], `080079${deviceInstance}`, deviceValues],
  [
    'an Access Control object with two instances',
    [2],
    '08000ec10001c101008302417f07c1037f080212c10003c101008702417f0761013601c1037f',
    [
      '/2/0/0 1',
      '/2/0/1 0',
      '/2/0/2/127 7',
      '/2/0/3 127',
      '/2/2/0 3',
      '/2/2/1 0',
      '/2/2/2/127 7',
      '/2/2/2/310 1',
      '/2/2/3 127',
    ],
  ],
  [
    'object links',
    [65, 0],
    '88000c440000420000440100420001c8010d38363133383030373535353030c40212345678',
    ['/65/0/0/0 66:0', '/65/0/0/1 66:1', '/65/0/1 8613800755500', '/65/0/2 305419896'],
  ],
]

it.each(examples)('reads and writes %s', (_what, base, hex, values) => {
  const decoded = decodePayload(format.tlv, bytesOfHex(hex)!, { base, model })
  if (isFault(decoded)) throw new Error(decoded.detail)
  expect(decoded.entries.map(({ path, value }) => `${formatPath(path)} ${textOfValue(value!)}`)).toEqual(values)
  expect(decoded.quirks).toEqual([])
  const encoded = encodePayload(format.tlv, base, decoded.entries)
  expect(encoded instanceof Uint8Array && hexOf(encoded)).toBe(hex)
})
