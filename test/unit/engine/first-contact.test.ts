/** Who is let in under a name, what is known of it from the first word on, and what it tells of its network. */
import { expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../../src/base/time.ts'
import { ObjectLibrary } from '../../../src/lwm2m/model/library.ts'
import { admissionOf } from '../../../src/engine/admission.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'
const json = (value: unknown): string => `<${Buffer.from(JSON.stringify(value)).toString('hex')}>`

function register(house: EngineHarness, path: number, messageId: number, more = ''): void {
  const links = '</>;ct=110,</1/0>,</3/0>,</4/0>,</10/0>'
  house.receive(
    path,
    `CON ${messageId} POST [aa] /rd ?ep=${endpoint}&lt=86400&lwm2m=1.2${more} Content-Format=40 "${links}"`,
  )
  house.settle()
}

function send(house: EngineHarness, messageId: number, payload: string): readonly string[] {
  house.sent()
  house.receive(1, `CON ${messageId} POST [bb] /dp Content-Format=110 ${payload}`)
  house.settle()
  return house.sent(1)
}

test.each([
  ['open', 'closed', true, 'refused'],
  ['closed', 'open', true, 'admitted'],
  ['open', 'quarantine', true, 'quarantined'],
  ['closed', 'open', false, 'refused'],
] as const)('in the clear %s, with a credential %s; secured %s: %s', (plain, withCredential, secured, admission) => {
  const settings = { 'registration.policy': plain, 'registration.policy-secured': withCredential }
  const remote = { address: '192.0.2.1', port: 5684 }
  const from = secured ? ({ secured, peer: 1, remote, endpoint } as const) : ({ secured, peer: 1, remote } as const)
  expect(admissionOf(undefined, from, settings)).toBe(admission)
})

test('who claims the name of a device with a credential is refused, and an alarm raised once an hour', () => {
  const house = new EngineHarness()
  register(house, 1, 10)
  const device = house.store.device(endpoint)!
  house.store.commit([
    { op: 'registration.put', deviceId: device.device.id, registration: { ...device.registration!, secured: true } },
  ])
  house.restart()
  house.sent()
  for (const messageId of [20, 21]) register(house, 2, messageId)
  expect(house.sent(2).every((line) => line.includes('4.03'))).toBe(true)
  const alarms = () => house.events.filter(({ kind }) => kind === 'alarm.raised')
  expect(alarms()).toMatchObject([{ endpoint, detail: { alarm: 'endpoint-claimed-twice', address: '127.0.0.2:5683' } }])
  house.elapse(hours(1))
  register(house, 2, 22)
  expect(alarms()).toHaveLength(2)
})

test('a payload that cannot be read is a quirk with its octets; what was known stays', () => {
  const house = new EngineHarness()
  register(house, 1, 10)
  expect(send(house, 11, json([{ n: '/3/0/9', v: 5 }]))).toEqual([expect.stringContaining('2.04')])
  expect(send(house, 12, '"[{"')).toEqual([expect.stringContaining('4.00')])
  const { device } = house.store.device(endpoint)!
  expect(device.quirks).toMatchObject([{ name: 'payload.undecodable', example: '5b7b', at: house.now }])
  expect(house.events.findLast(({ kind }) => kind === 'send')?.detail).toMatchObject({ payload: '5b7b', size: 2 })
})

test('what it tells of its bearer and its modem decides how it is spoken to', async () => {
  const house = new EngineHarness()
  register(house, 1, 10, '&Q')
  send(
    house,
    11,
    json([
      { n: '/4/0/0', v: 6 },
      { n: '/10/0/4', v: 3600 },
      { n: '/10/0/5', v: 2 },
    ]),
  )
  expect(house.store.device(endpoint)?.device.learned).toMatchObject({
    network: { bearer: 6 },
    powerSaving: { trackingUpdate: hours(1), activeTime: seconds(2) },
  })
  const draft = { kind: 'read', path: '/3/0/9' } as const
  house.elapse(seconds(11))
  const { id } = await house.command({ command: 'operation.submit', endpoint, draft })
  // LTE-M listens for 10 s; nbiot, the default, would for 20.
  expect(house.sent(1)).toEqual([])
  expect(house.store.operation(id)?.state).toBe('queued')
  house.elapse(minutes(1))
})

test('registered anew with other objects, a device may have learned other formats', async () => {
  const house = new EngineHarness()
  register(house, 1, 10)
  const { device } = house.store.device(endpoint)!
  house.store.commit([{ op: 'device.learned', deviceId: device.id, learned: { formats: { choosesItself: true } } }])
  house.restart()
  register(house, 1, 20)
  expect(house.store.device(endpoint)?.device.learned?.formats).toEqual({ choosesItself: true })
  house.receive(1, `CON 21 POST [ab] /rd ?ep=${endpoint}&lwm2m=1.2 Content-Format=40 "</1/0>"`)
  house.settle()
  expect(house.store.device(endpoint)?.device.learned?.formats).toEqual({})
})

test('definitions read again hold for devices that are registered', () => {
  const [before, after] = [new ObjectLibrary(), new ObjectLibrary()]
  after.add(
    `<LWM2M><Object><Name>Mine</Name><ObjectID>33000</ObjectID><ObjectURN>u</ObjectURN><ObjectVersion>1.0</ObjectVersion>
<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Resources></Resources></Object></LWM2M>`,
  )
  const { generation } = before
  before.become(after)
  expect(before.lookup(33000)?.definition.name).toBe('Mine')
  expect(before.generation).toBeGreaterThan(generation)
})
