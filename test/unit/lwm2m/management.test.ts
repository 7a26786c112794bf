/** Operations from the form they are kept in to the message a device gets. */
import { describe, expect, it } from 'vitest'
import { hexOf, textOf } from '../../../src/base/bytes.ts'
import { codeText } from '../../../src/coap/codes.ts'
import { prepareOperation } from '../../../src/lwm2m/management/check.ts'
import type { DeviceView } from '../../../src/lwm2m/management/device-view.ts'
import type { OperationSpec } from '../../../src/lwm2m/management/operation.ts'
import { buildRequest, type RequestOptions } from '../../../src/lwm2m/management/request.ts'
import { format } from '../../../src/lwm2m/payload/content-format.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { device, usualLinks } from './shipped-library.ts'

const usual = device('1.1', usualLinks)
const newest = device('1.2', usualLinks)
const oldest = device('1.0', '</1/0>,</3/0>,</5/0>,</9>,</3303/0>')
const bare = device('1.1', '</1/0>,</3/0>,</9>,</3303/0>')
const cborOnly = device('1.1', '</>;rt="oma.lwm2m";ct=60,</3/0>')
const senmlOnly = device('1.1', '</>;rt="oma.lwm2m";ct="60 112",</3303/0>,</3303/1>,</3303/3>')
const rooted = device('1.1', '</lwm2m>;rt="oma.lwm2m";ct=112,</lwm2m/3/0>')

/** `0.03 /3/0/14?pmin=1 o0 ct=0 a=112 text|hex` of what would be sent, or why nothing is. */
function sent(spec: OperationSpec, view: DeviceView, force = false, options: RequestOptions = {}): string {
  const operation = prepareOperation(spec, view, { force })
  if (isRefusal(operation)) return operation.message
  const request = buildRequest(operation, view, options)
  if (isRefusal(request)) return request.message
  const { code, path, query, observe, contentFormat, accept, payload } = request
  const isText =
    contentFormat === format.text || contentFormat === format.senmlJson || contentFormat === format.senmlEtchJson
  return [
    codeText(code),
    `/${path.join('/')}${query === undefined ? '' : `?${query.join('&')}`}`,
    ...(observe === undefined ? [] : [`o${observe}`]),
    ...(contentFormat === undefined ? [] : [`ct=${contentFormat}`]),
    ...(accept === undefined ? [] : [`a=${accept}`]),
    ...(payload === undefined ? [] : [isText ? textOf(payload) : hexOf(payload)]),
  ].join(' ')
}

describe('a request', () => {
  it.each<[what: string, spec: OperationSpec, view: DeviceView, expected: string]>([
    ['Read', { kind: 'read', path: '/3/0' }, usual, '0.01 /3/0 a=112'],
    ['Read by name', { kind: 'read', path: 'Device/0/Serial Number' }, usual, '0.01 /3/0/2 a=112'],
    ['Read of 1.0', { kind: 'read', path: '/3/0' }, oldest, '0.01 /3/0'],
    ['Read without known formats', { kind: 'read', path: '/3/0' }, bare, '0.01 /3/0'],
    ['Read of CBOR: one value', { kind: 'read', path: '/3/0/9' }, cborOnly, '0.01 /3/0/9 a=60'],
    ['Read of CBOR: a resource instance', { kind: 'read', path: '/3/0/7/1' }, cborOnly, '0.01 /3/0/7/1 a=60'],
    ['Read of CBOR: several values', { kind: 'read', path: '/3/0/7' }, cborOnly, '0.01 /3/0/7'],
    ['Read of SenML beside CBOR', { kind: 'read', path: '/3303/0/5700' }, senmlOnly, '0.01 /3303/0/5700 a=112'],
    ['Read below a root', { kind: 'read', path: '/3/0' }, rooted, '0.01 /lwm2m/3/0 a=112'],
    [
      'Read of what it answered before',
      { kind: 'read', path: '/3/0' },
      device('1.0', '</3/0>', { answered: format.tlv }),
      '0.01 /3/0 a=11542',
    ],
    ['Discover', { kind: 'discover', path: '/3' }, usual, '0.01 /3 a=40'],
    ['Discover with depth', { kind: 'discover', path: '/3', value: { depth: 2 } }, newest, '0.01 /3?depth=2 a=40'],
    ['Write text', { kind: 'write', path: '/3/0/14', value: '+02:00' }, bare, '0.03 /3/0/14 ct=0 +02:00'],
    ['Write in 1.0', { kind: 'write', path: '/1/0/1', value: 60 }, oldest, '0.03 /1/0/1 ct=11542 c1013c'],
    ['Write CBOR', { kind: 'write', path: '/1/0/1', value: 60 }, usual, '0.03 /1/0/1 ct=60 183c'],
    ['Write CBOR: a time', { kind: 'write', path: '/3/0/13', value: 60 }, usual, '0.03 /3/0/13 ct=60 c1183c'],
    ['Write octets', { kind: 'write', path: '/5/0/0', value: 'c0ffee' }, usual, '0.03 /5/0/0 ct=42 c0ffee'],
    [
      'Write what it took before',
      { kind: 'write', path: '/1/0/1', value: 60 },
      device('1.1', usualLinks, { accepted: format.text }),
      '0.03 /1/0/1 ct=0 60',
    ],
    [
      'Write an instance',
      { kind: 'write', path: '/1/0', value: { 1: 60, 6: true } },
      oldest,
      '0.03 /1/0 ct=11542 c1013cc10601',
    ],
    [
      'Write-partial',
      { kind: 'write-partial', path: '/1/0', value: { lifetime: 60 } },
      usual,
      '0.02 /1/0 ct=112 81a221662f312f302f3102183c',
    ],
    ['Execute', { kind: 'execute', path: '/3/0/4' }, usual, '0.02 /3/0/4'],
    [
      'Execute with arguments',
      { kind: 'execute', path: '/9/0/6', value: "0='x',1" },
      usual,
      "0.02 /9/0/6 ct=0 0='x',1",
    ],
    [
      'Create',
      { kind: 'create', path: '/3303', value: { instance: 7, resources: { 5750: 'a' } } },
      oldest,
      '0.02 /3303 ct=11542 0407e1167661',
    ],
    [
      'Create with an id of the device’s',
      { kind: 'create', path: '/3303', value: { 5750: 'a' } },
      oldest,
      '0.02 /3303 ct=11542 e1167661',
    ],
    ['Delete', { kind: 'delete', path: '/9/2' }, usual, '0.04 /9/2'],
    ['Delete a resource instance', { kind: 'delete', path: '/3/0/7/1' }, newest, '0.04 /3/0/7/1'],
    [
      'Write-Attributes',
      { kind: 'write-attributes', path: '/3303/0/5700', value: { pmin: 10, gt: 1.5, pmax: null } },
      usual,
      '0.03 /3303/0/5700?pmin=10&pmax&gt=1.5',
    ],
    ['Observe', { kind: 'observe', path: '/3303/0/5700' }, usual, '0.01 /3303/0/5700 o0 a=112'],
    [
      'Observe with attributes',
      { kind: 'observe', path: '/3303/0/5700', value: { pmin: 10, con: 1 } },
      newest,
      '0.01 /3303/0/5700?pmin=10&con=1 o0 a=112',
    ],
    ['Cancel', { kind: 'cancel-observe', path: '/3303/0/5700' }, usual, '0.01 /3303/0/5700 o1 a=112'],
    [
      'Read-Composite',
      { kind: 'read-composite', path: '/3/0/0 /3303' },
      device('1.1', '</>;ct=110,</3/0>,</3303>'),
      '0.05 / ct=110 a=110 [{"n":"/3/0/0"},{"n":"/3303"}]',
    ],
    [
      'Observe-Composite',
      { kind: 'observe-composite', path: '/3/0/9,/3303' },
      usual,
      '0.05 / o0 ct=112 a=112 82a100662f332f302f39a100652f33333033',
    ],
    [
      'Cancel of a composite',
      { kind: 'cancel-observe', path: '/3/0/9 /3303' },
      usual,
      '0.05 / o1 ct=112 a=112 82a100662f332f302f39a100652f33333033',
    ],
    [
      'Write-Composite',
      { kind: 'write-composite', path: '', value: { '/1/0/1': 60, '/3/0/14': 'Z' } },
      device('1.1', '</>;ct=110,</1/0>,</3/0>'),
      '0.07 / ct=110 [{"n":"/1/0/1","v":60},{"n":"/3/0/14","vs":"Z"}]',
    ],
    [
      'Write-Composite that deletes',
      { kind: 'write-composite', path: '', value: { '/2/0/2/1': null, '/2/0/3': 1 } },
      device('1.2', '</>;ct=110,</2/0>'),
      '0.07 / ct=320 [{"n":"/2/0/2/1","v":null},{"n":"/2/0/3","v":1}]',
    ],
  ])('%s', (_what, spec, view, expected) => {
    expect(sent(spec, view)).toBe(expected)
  })

  it('takes formats the operator names', () => {
    expect(sent({ kind: 'read', path: '/3/0' }, usual, false, { accept: 'any' })).toBe('0.01 /3/0')
    expect(sent({ kind: 'read', path: '/3/0' }, usual, false, { accept: format.lwm2mCbor })).toBe('0.01 /3/0 a=11544')
    const write: OperationSpec = { kind: 'write', path: '/1/0/1', value: 60 }
    expect(sent(write, usual, false, { contentFormat: format.senmlJson })).toBe(
      '0.03 /1/0/1 ct=110 [{"bn":"/1/0/1","v":60}]',
    )
  })

  it('says where a format cannot express the content', () => {
    const several: OperationSpec = { kind: 'write', path: '/1/0', value: { 1: 60, 6: true } }
    const message = 'The content format text cannot express anything but one value of one resource.'
    expect(sent(several, usual, false, { contentFormat: format.text })).toBe(message)
  })
})

describe('an operation that makes no sense', () => {
  it.each<[what: string, spec: OperationSpec, view: DeviceView, message: string]>([
    ['an unknown operation', { kind: 'reboot', path: '/3/0' }, usual, "There is no operation 'reboot'."],
    ['a path that is none', { kind: 'read', path: '/3/0/0/0/0' }, usual, "'/3/0/0/0/0' has more than four parts."],
    [
      'Read of the root',
      { kind: 'read', path: '/' },
      usual,
      "'read' takes the path of object, instance, resource, resource instance; / is none.",
    ],
    [
      'Execute of an instance',
      { kind: 'execute', path: '/3/0' },
      usual,
      "'execute' takes the path of resource; /3/0 is none.",
    ],
    [
      'Write of an object',
      { kind: 'write', path: '/3', value: { 0: { 14: 'x' } } },
      usual,
      "'write' takes the path of instance, resource, resource instance; /3 is none.",
    ],
    ['Write without a value', { kind: 'write', path: '/3/0/14' }, usual, 'A write needs a value.'],
    [
      'Write of null',
      { kind: 'write', path: '/3/0', value: { 14: null } },
      usual,
      'The value is neither text, number, true, false, nor an object or list of these.',
    ],
    ['an object not registered', { kind: 'read', path: '/6/0' }, usual, 'The device did not register /6 (Location).'],
    [
      'an instance not registered',
      { kind: 'read', path: '/3303/5/5700' },
      usual,
      'The device did not register /3303/5 (Temperature).',
    ],
    ['a resource not in the model', { kind: 'read', path: '/3/0/99' }, usual, 'Object 3 (Device) has no resource 99.'],
    [
      'Read of an executable',
      { kind: 'read', path: '/3/0/4' },
      usual,
      '/3/0/4 (Device / Reboot) cannot be read: it can only be executed.',
    ],
    [
      'Execute of a value',
      { kind: 'execute', path: '/3/0/14' },
      usual,
      '/3/0/14 (Device / UTC Offset) cannot be executed: it can be read and written.',
    ],
    [
      'Write of a read-only one',
      { kind: 'write', path: '/3/0/0', value: 'x' },
      usual,
      '/3/0/0 (Device / Manufacturer) cannot be written: it is read-only.',
    ],
    [
      'Write with a read-only one',
      { kind: 'write', path: '/3/0', value: { 14: 'Z', 0: 'x' } },
      usual,
      '/3/0/0 (Device / Manufacturer) cannot be written: it is read-only.',
    ],
    [
      'a value out of range',
      { kind: 'write', path: '/3311/0/5851', value: 200 },
      usual,
      "'Dimmer' takes 0 to 100 %, not '200'.",
    ],
    [
      'bad arguments',
      { kind: 'execute', path: '/3/0/4', value: 'now' },
      usual,
      "'now' are no arguments of an execute.",
    ],
    [
      'Create of a single object',
      { kind: 'create', path: '/3', value: {} },
      usual,
      'Object 3 (Device) has one instance only; no other can be created.',
    ],
    [
      'Create without what must be',
      { kind: 'create', path: '/1', value: { 1: 60 } },
      device('1.0', '</1>'),
      'A new LwM2M Server needs a value for 6 (Notification Storing When Disabled or Offline), 7 (Binding).',
    ],
    [
      'a resource instance in 1.0',
      { kind: 'read', path: '/3/0/7/0' },
      oldest,
      "'read' of a resource instance came with LwM2M 1.1; the device registered with 1.0.",
    ],
    [
      'Delete of one in 1.1',
      { kind: 'delete', path: '/3/0/7/0' },
      usual,
      "'delete' of a resource instance came with LwM2M 1.2; the device registered with 1.1.",
    ],
    [
      'a composite in 1.0',
      { kind: 'read-composite', path: '/3/0' },
      oldest,
      'Composite operations came with LwM2M 1.1; the device registered with 1.0.',
    ],
    [
      'a composite of nothing',
      { kind: 'read-composite', path: ' ' },
      usual,
      'A composite operation needs at least one path.',
    ],
    [
      'a composite of 65',
      { kind: 'read-composite', path: '/3/0 '.repeat(65) },
      usual,
      'A composite operation takes at most 64 paths.',
    ],
    [
      'a depth in 1.1',
      { kind: 'discover', path: '/3', value: 1 },
      usual,
      'A depth came with LwM2M 1.2; the device registered with 1.1.',
    ],
    ['a depth of 9', { kind: 'discover', path: '/3', value: 9 }, newest, 'The depth of a discover is 0 to 3, not 9.'],
    [
      'attributes of 1.2 for a device of 1.1',
      { kind: 'observe', path: '/3303/0/5700', value: { con: 1 } },
      usual,
      "'con' came with LwM2M 1.2; the device registered with 1.1.",
    ],
    [
      'no attributes',
      { kind: 'write-attributes', path: '/3/0', value: {} },
      usual,
      'Writing attributes needs at least one, like {"pmin": 10}.',
    ],
    [
      'attributes that contradict',
      { kind: 'write-attributes', path: '/3/0', value: 'pmin=9,pmax=1' },
      usual,
      'pmin (9) must not be larger than pmax (1).',
    ],
  ])('%s', (_what, spec, view, message) => {
    expect(sent(spec, view)).toBe(message)
  })

  it.each<[spec: OperationSpec, view: DeviceView, expected: string]>([
    [{ kind: 'read', path: '/6/0' }, oldest, '0.01 /6/0'],
    [{ kind: 'read', path: '/3/0/99' }, oldest, '0.01 /3/0/99'],
    [{ kind: 'execute', path: '/3/0/4', value: 'now' }, oldest, '0.02 /3/0/4 ct=0 now'],
    [{ kind: 'write', path: '/1/0/1', value: 'soon' }, bare, '0.03 /1/0/1 ct=0 soon'],
    [{ kind: 'write-attributes', path: '/3/0', value: 'pmin=9,pmax=1' }, usual, '0.03 /3/0?pmin=9&pmax=1'],
  ])('is sent with force: %j', (spec, view, expected) => {
    expect(sent(spec, view, true)).toBe(expected)
  })

  it('is refused even with force where no request would mean it', () => {
    expect(sent({ kind: 'execute', path: '/3/0' }, usual, true)).toMatch(/takes the path of resource/)
  })
})

describe('what is given twice', () => {
  it.each<[what: string, spec: OperationSpec, expected: string]>([
    [
      'a resource by its id and its name',
      { kind: 'write-partial', path: '/3/0', value: { 14: '+02:00', 'UTC Offset': '+03:00' } },
      '/3/0/14 is given a value twice.',
    ],
    [
      'a path of a composite write by its ids and its names',
      { kind: 'write-composite', path: '/', value: { '/3/0/14': '+02:00', 'Device/0/UTC Offset': '+03:00' } },
      '/3/0/14 is given a value twice.',
    ],
    [
      'a path of a composite write alone and in its instance',
      { kind: 'write-composite', path: '/', value: { '/3/0': { 14: '+02:00' }, '/3/0/14': '+03:00' } },
      '/3/0/14 is given a value twice.',
    ],
  ])('is refused: %s', (_what, spec, expected) => {
    expect(sent(spec, usual)).toBe(expected)
  })

  it('is asked for once: a path of a composite', () => {
    const twice = sent({ kind: 'read-composite', path: '/3/0/9 Device/0/9 /3/0/9' }, usual)
    expect(twice).toBe(sent({ kind: 'read-composite', path: '/3/0/9' }, usual))
  })
})
