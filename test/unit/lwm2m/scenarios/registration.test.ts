/**
 * The registration interface as devices use it (LwM2M Core 1.2 §6.2): from the first Register to the last
 * De-register, what a lifetime means to the second, and what is left of a registration when it ends.
 */
import { describe, expect, test } from 'vitest'
import { after, days, hours, milliseconds, minutes, seconds } from '../../../../src/base/time.ts'
import { defaultSettings } from '../../../../src/config/tunables.ts'
import { octets, ScriptedDevice } from '../../../support/scripted-device.ts'

const location = (device: ScriptedDevice): string => device.registration!.id
const update = (device: ScriptedDevice, more = ''): string => device.say(`CON POST [bb] /rd/${location(device)}${more}`)
const grace = milliseconds(defaultSettings['registration.grace'])

describe('a registration', () => {
  test('is made, kept alive and ended', () => {
    const device = new ScriptedDevice().register()
    expect(update(device)).toBe('2.04 [bb]')
    expect(device.say(`CON DELETE [cc] /rd/${location(device)}`)).toBe('2.02 [cc]')
    expect(device.registration).toBeUndefined()
    expect(device.house.events.map(({ kind }) => kind)).toEqual([
      'device.created',
      'registration.registered',
      'registration.deregistered',
    ])
  })

  test('comes again after it was ended, at another location', () => {
    const device = new ScriptedDevice().register()
    const old = location(device)
    device.say(`CON DELETE [cc] /rd/${old}`)
    device.register()
    expect(location(device)).not.toBe(old)
    expect(device.say(`CON POST [bb] /rd/${old}`)).toBe('4.04 [bb]')
    expect(update(device)).toBe('2.04 [bb]')
  })

  test.each([
    ['with an empty segment at its end', '/rd/', 'Uri-Path=rd Uri-Path={id} Uri-Path='],
    ['in one segment', 'Uri-Path=/rd', 'Uri-Path=rd/{id}'],
  ])('is made and kept where paths come %s', (_how, directory, place) => {
    const device = new ScriptedDevice()
    const content = `?ep=urn:dev:a&lwm2m=1.1 Content-Format=40 ${octets('</3/0>')}`
    expect(device.say(`CON POST [aa] ${directory} ${content}`)).toMatch(/^2\.01 /)
    expect(device.quirks).toContain('registration.path-spelling')
    expect(device.say(`CON POST [bb] ${place.replace('{id}', location(device))}`)).toBe('2.04 [bb]')
    expect(device.say(`CON POST [bb] ${place.replace('{id}', 'nobody')}`)).toBe('4.04 [bb]')
    expect(device.say('CON POST [bb] Uri-Path=rd/a/b')).toBe('4.04 [bb]')
    expect(device.say('CON POST [bb] Uri-Path=elsewhere')).toBe('4.04 [bb]')
  })

  test('that a live one replaces leaves one location, and one device', () => {
    const device = new ScriptedDevice().register()
    const locations = Array.from({ length: 5 }, () => location(device.register()))
    expect(new Set(locations).size).toBe(5)
    expect(locations.map((id) => device.say(`CON POST [bb] /rd/${id}`))).toEqual([
      ...Array<string>(4).fill('4.04 [bb]'),
      '2.04 [bb]',
    ])
    expect(device.house.store.countDevices()).toBe(1)
  })

  test('is found by its location, whatever else the Update says', () => {
    const device = new ScriptedDevice().register()
    expect(update(device, ' ?ep=urn:dev:other')).toBe('2.04 [bb]')
    expect(device.house.store.device('urn:dev:other')).toBeUndefined()
    expect(device.quirks).toContain('registration.endpoint-in-update')
  })

  test.each([
    ['1.0 in queue mode by its binding', 'lwm2m=1.0&b=UQ', '1.0', true, []],
    ['1.0 without any', 'lwm2m=1.0', '1.0', false, []],
    ['no version at all', 'lt=60', '1.0', false, []],
    ['1.1 in queue mode', 'lwm2m=1.1&b=U&Q', '1.1', true, []],
    ['1.1 with a second transport', 'lwm2m=1.1&b=UT', '1.1', false, []],
    ['1.1 with the binding of 1.0', 'lwm2m=1.1&b=UQ', '1.1', true, ['registration.queue-in-binding']],
    ['1.2 with all of it', 'lwm2m=1.2&b=UM&Q&pid=1&sms=%2B49', '1.2', true, ['registration.parameter-escaped']],
    ['a binding nobody knows', 'lwm2m=1.1&b=X', '1.1', false, ['registration.binding-unknown']],
  ])('of %s is taken', (_what, query, version, queueMode, quirks) => {
    const device = new ScriptedDevice({ query }).register()
    expect(device.registration).toMatchObject({ lwm2mVersion: version, queueMode })
    expect(device.quirks).toEqual(quirks)
  })

  test.each([
    ['1.3', 'ep=a&lwm2m=1.3', '4.12'],
    ['2.0', 'ep=a&lwm2m=2.0', '4.12'],
    ['no name', 'lwm2m=1.1', '4.00'],
    ['an empty name', 'ep=&lwm2m=1.1', '4.00'],
  ])('of %s is refused, and leaves nothing behind', (_what, query, code) => {
    const device = new ScriptedDevice()
    expect(
      device.say(`CON POST [aa] /rd ?${query} Content-Format=40 </3/0>`.replace('</3/0>', octets('</3/0>'))),
    ).toMatch(new RegExp(`^${code} `))
    expect(device.house.store.countDevices()).toBe(0)
    expect(device.house.events).toEqual([])
  })

  test.each(['PUT', 'GET', 'DELETE', 'FETCH'])('is not made by %s', (method) => {
    expect(new ScriptedDevice().say(`CON ${method} [aa] /rd ?ep=a`)).toBe('4.05 [aa]')
  })

  test('changes by an Update what the Update names, and nothing else', () => {
    const device = new ScriptedDevice({ query: 'lt=600&lwm2m=1.1&b=U' }).register()
    const before = device.registration!
    expect(update(device, ' ?lt=900')).toBe('2.04 [bb]')
    expect(device.registration).toMatchObject({ id: before.id, lifetime: 900, links: before.links, binding: 'U' })
    expect(update(device, ` Content-Format=40 ${octets('</3/0>,</6/0>')}`)).toBe('2.04 [bb]')
    expect(device.registration).toMatchObject({ lifetime: 900, links: '</3/0>,</6/0>' })
    expect(update(device, ' ?b=U&Q')).toBe('2.04 [bb]')
    expect(device.registration).toMatchObject({ queueMode: true, links: '</3/0>,</6/0>' })
  })

  test('keeps its object list where an Update comes with a broken one', () => {
    const device = new ScriptedDevice().register()
    const before = device.registration!.links
    expect(update(device, ` Content-Format=40 ${octets('</3/0')}`)).toMatch(/^4\.00 \[bb\] "/)
    expect(device.registration?.links).toBe(before)
  })
})

describe('what a registration takes with it', () => {
  test('nothing goes to a device that has left; its wishes wait for it to come back', async () => {
    const device = new ScriptedDevice().register()
    const read = await device.wish({ kind: 'read', path: '/3/0/9' })
    device.request()
    device.say(`CON DELETE [cc] /rd/${location(device)}`)
    device.elapse(minutes(10))
    expect(device.heard()).toEqual([])
    expect(device.operation(read).state).toBe('queued')
    device.register()
    expect(device.request()).toMatch(/^GET \/3 \/0 \/9/)
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(read).state).toBe('acknowledged')
  })

  test('an answer that comes after the device has left is nobody’s', async () => {
    const device = new ScriptedDevice().register()
    await device.wish({ kind: 'read', path: '/3/0/9' })
    device.request()
    device.say(`CON DELETE [cc] /rd/${location(device)}`)
    device.answer('2.05 Content-Format=0 "87"')
    device.register()
    expect(device.request()).toMatch(/^GET \/3 \/0 \/9/)
  })

  //  device                                server
  //    |--- DELETE /rd/… ------------------->|
  //    |--- CON 2.05 Observe=7 ------------->|   of an observation that is over
  //    |<----------------------------- RST --|
  test('a notification after the De-register is met with RST', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    device.say(`CON DELETE [cc] /rd/${location(device)}`)
    expect(device.say(`CON 2.05 [${token}] Observe=7 Content-Format=0 "88"`)).toBe('EMPTY')
    expect(device.told('notification')).toEqual([])
  })
})

describe('a lifetime', () => {
  const lasting = (lifetime: number): ScriptedDevice =>
    new ScriptedDevice({ query: `lt=${lifetime}&lwm2m=1.1&b=U` }).register()

  test('holds to its last second, and through the grace behind it', () => {
    const device = lasting(60)
    device.elapse(milliseconds(60_000 + grace - 1))
    expect(update(device)).toBe('2.04 [bb]')
    const id = location(device)
    device.elapse(milliseconds(60_000 + grace + 2000))
    expect(device.registration).toBeUndefined()
    expect(device.say(`CON POST [bb] /rd/${id}`)).toBe('4.04 [bb]')
    expect(device.told('registration.expired')).toHaveLength(1)
  })

  test('begins anew with every Update, not with the Register', () => {
    const device = lasting(60)
    for (let round = 0; round < 10; round++) expect(update(device.elapse(seconds(59)))).toBe('2.04 [bb]')
    expect(device.registration?.expiresAt).toBe(device.house.now + 60_000)
  })

  test('that the operator writes to /1/x/1 counts once the device says so', async () => {
    const device = lasting(3600)
    const written = await device.exchange({ kind: 'write', path: '/1/0/1', value: 120 }, '2.04')
    expect(written.state).toBe('acknowledged')
    expect(device.registration?.lifetime).toBe(3600)
    expect(update(device, ' ?lt=120')).toBe('2.04 [bb]')
    expect(device.registration).toMatchObject({ lifetime: 120, expiresAt: device.house.now + 120_000 })
    device.elapse(milliseconds(120_000 + grace + 2000))
    expect(device.registration).toBeUndefined()
  })

  test('that is missing is a day; one without an end outlives a year', () => {
    const device = new ScriptedDevice({ query: 'lwm2m=1.1' }).register()
    expect(device.registration?.lifetime).toBe(86_400)
    const endless = lasting(0)
    endless.house.now = after(endless.house.now, days(370))
    expect(endless.elapse(seconds(5)).registration).toBeDefined()
  })

  test('ends while the server is down: found out when it is back', () => {
    const device = lasting(60)
    const { house } = device
    house.now = after(house.now, hours(1))
    house.restart()
    device.elapse(seconds(5))
    expect(device.registration).toBeUndefined()
    expect(device.told('registration.expired')).toHaveLength(1)
    device.register()
    expect(update(device)).toBe('2.04 [bb]')
  })
})
