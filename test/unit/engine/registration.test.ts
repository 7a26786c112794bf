/** Registrations through the engine: durable before answered, repeated answers, replaced locations. */
import { expect, test } from 'vitest'
import { hours, seconds } from '../../../src/base/time.ts'
import { diskFull, EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>,</5/0>"'
const register = `POST [01] /rd ?ep=urn:dev:a&lt=3600&lwm2m=1.1 Content-Format=40 ${links}`

function locationOf(line: string): string {
  return /\/rd \/(\S+)|Location-Path=rd Location-Path=(\S+)/.exec(line)?.slice(1).find(Boolean) ?? ''
}

test('a 2.01 leaves only after the registration is durable', () => {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  expect(house.sent()).toEqual([])
  expect(house.store.device('urn:dev:a')).toBeUndefined()
  house.settle()
  const [answer] = house.sent()
  expect(answer).toMatch(/^ACK 1 2\.01 \[01\]/)
  const row = house.store.device('urn:dev:a')
  expect(row?.registration?.id).toBe(locationOf(answer!))
  expect(row?.registration).toMatchObject({ lifetime: 3600, lwm2mVersion: '1.1', queueMode: false })
  expect(house.events.map(({ kind }) => kind)).toEqual(['device.created', 'registration.registered'])
})

test('when the store fails nothing is answered, and the repetition of the device registers it', () => {
  const house = new EngineHarness()
  house.failure = diskFull
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  expect(house.sent()).toEqual([])
  house.failure = undefined
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  expect(house.sent()[0]).toMatch(/^ACK 1 2\.01/)
  expect(house.store.countDevices()).toBe(1)
  // Both ends of the trouble are written down once writing works again.
  expect(house.events.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['alarm.raised', 'alarm.cleared', 'registration.registered']),
  )
})

test('a repeated Register gets the same location, also after a restart lost our memory of it', () => {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  const [first] = house.sent()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  expect(house.sent()).toEqual([first])
  house.restart()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  expect(house.sent()).toEqual([first])
  expect(house.events.filter(({ kind }) => kind === 'registration.registered')).toHaveLength(1)
})

test('a Register repeated through another NAT port is the same one; a short token from elsewhere is not', () => {
  const house = new EngineHarness()
  const long = register.replace('[01]', '[0102030405060708]')
  house.receive(1, `CON 1 ${long}`)
  house.settle()
  const [first] = house.sent()
  house.receive(2, `CON 1 ${long}`)
  house.settle()
  expect(house.sent()).toEqual([first])
  house.receive(1, `CON 2 ${register}`)
  house.settle()
  const second = locationOf(house.sent()[0]!)
  house.receive(2, `CON 2 ${register}`)
  house.settle()
  expect(locationOf(house.sent()[0]!)).not.toBe(second)
})

test('registering again replaces the location: the old one is 4.04 from then on', () => {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  const old = locationOf(house.sent()[0]!)
  house.receive(1, `CON 2 ${register.replace('[01]', '[02]')}`)
  house.settle()
  const fresh = locationOf(house.sent()[0]!)
  expect(fresh).not.toBe(old)
  house.receive(1, `CON 3 POST [03] /rd/${old}`)
  house.receive(1, `CON 4 POST [04] /rd/${fresh}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 3 4.04 [03]', 'ACK 4 2.04 [04]'])
})

test('an Update moves the end of the lifetime and writes no event', () => {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  const location = locationOf(house.sent()[0]!)
  const before = house.events.length
  house.elapse(seconds(3000))
  house.receive(1, `CON 2 POST [02] /rd/${location}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 2 2.04 [02]'])
  house.elapse(seconds(3000))
  expect(house.store.device('urn:dev:a')?.registration).toBeDefined()
  expect(house.events).toHaveLength(before)
  house.elapse(hours(1))
  expect(house.store.device('urn:dev:a')?.registration).toBeUndefined()
  expect(house.events.at(-1)).toMatchObject({
    kind: 'registration.expired',
    detail: { lastUpdate: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string },
  })
  house.receive(1, `CON 3 POST [03] /rd/${location}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 3 4.04 [03]'])
})

test('a device deregisters: the device stays known, the location is gone', () => {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  const location = locationOf(house.sent()[0]!)
  house.receive(1, `CON 2 DELETE [02] /rd/${location}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 2 2.02 [02]'])
  expect(house.store.device('urn:dev:a')).toMatchObject({ device: { endpoint: 'urn:dev:a' } })
  expect(house.store.device('urn:dev:a')?.registration).toBeUndefined()
})

test.each([
  ['broken links', 'CON 9 POST [09] /rd ?ep=x&lwm2m=1.1 Content-Format=40 "</3/0"', /^ACK 9 4\.00 \[09\] "/],
  ['an unknown version', `CON 9 POST [09] /rd ?ep=x&lwm2m=2.0 Content-Format=40 ${links}`, /^ACK 9 4\.12/],
  ['no endpoint name', `CON 9 POST [09] /rd ?lwm2m=1.1 Content-Format=40 ${links}`, /^ACK 9 4\.00 \[09\] "/],
  ['an unknown location', 'CON 9 POST [09] /rd/nosuch', /^ACK 9 4\.04/],
  ['an unknown critical option', `CON 9 POST [09] /rd ?ep=x #65001=0x01`, /^ACK 9 4\.02/],
  ['a method nobody has here', 'CON 9 GET [09] /rd', /^ACK 9 4\.05/],
  ['a path nobody has here', 'CON 9 GET [09] /nosuch', /^ACK 9 4\.04/],
])('%s', (_, line, answer) => {
  const house = new EngineHarness()
  house.receive(1, line)
  house.settle()
  expect(house.sent()).toEqual([expect.stringMatching(answer)])
  expect(house.store.countDevices()).toBe(0)
})
