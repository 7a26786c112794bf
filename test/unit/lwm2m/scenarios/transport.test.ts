/**
 * Who may speak for a device, and from where: in the clear a device is known by its address, with a credential by
 * that and by nothing else. Addresses change under both (translators, roaming); credentials are taken away.
 */
import { describe, expect, test } from 'vitest'
import { after, minutes } from '../../../../src/base/time.ts'
import { SeededRandom } from '../../../../src/base/random.ts'
import { utf8 } from '../../../../src/base/bytes.ts'
import { lineOf } from '../../../support/coap-notation.ts'
import { clientOptions, DtlsPeer } from '../../../support/dtls-peer.ts'
import { securedPaths } from '../../../support/engine-harness.ts'
import { json, ScriptedDevice } from '../../../support/scripted-device.ts'
import { register, Secured } from '../../../support/secured-device.ts'

const report = `Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`

describe('in the clear, from another address', () => {
  const moved = (): ScriptedDevice => {
    const device = new ScriptedDevice().register()
    device.path = 9
    return device
  }

  test('an Update is the device’s: its location is its secret, and it is found there from then on', async () => {
    const device = moved()
    expect(device.say(`CON POST [bb] /rd/${device.registration!.id}`)).toBe('2.04 [bb]')
    expect(device.registration?.address).toBe('127.0.0.9')
    await device.wish({ kind: 'read', path: '/3/0/9' })
    expect(device.request()).toMatch(/^GET \/3 \/0 \/9/)
  })

  test('a De-register is the device’s for the same reason', () => {
    const device = moved()
    expect(device.say(`CON DELETE [bb] /rd/${device.registration!.id}`)).toBe('2.02 [bb]')
  })

  test('a Send is nobody’s', () => {
    const device = moved()
    expect(device.say(`CON POST [dd] /dp ${report}`)).toMatch(/^4\.00 \[dd\]/)
    expect(device.told('send')).toEqual([])
  })

  test('a Send is the device’s once an Update has told where it is', () => {
    const device = moved()
    device.say(`CON POST [bb] /rd/${device.registration!.id}`)
    expect(device.say(`CON POST [dd] /dp ${report}`)).toBe('2.04 [dd]')
  })

  test('a notification is nobody’s, and what it was for is asked for again', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    device.path = 9
    expect(device.say(`CON 2.05 [${token}] Observe=2 Content-Format=0 "88"`)).toBe('EMPTY')
    expect(device.told('notification')).toEqual([])
    expect(device.intents).toMatchObject([{ state: 'wanted' }])
    // Where it was is asked first, in vain.
    device.elapse(minutes(3))
    device.say(`CON POST [bb] /rd/${device.registration!.id}`)
    expect(device.request()).toMatch(/^GET Observe=0 /)
  })

  test('an answer to a request of ours is nobody’s', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read', path: '/3/0/9' })
    device.request()
    device.path = 9
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('sent')
  })

  test('a location nobody was given says nothing of anybody', () => {
    const device = moved()
    expect(device.say('CON POST [bb] /rd/zzzzzzzzzzzz ?lt=1')).toBe('4.04 [bb]')
    expect(device.registration?.lifetime).toBe(86_400)
  })
})

/** Registered over DTLS, with a connection id. */
function secured(): { readonly device: Secured; readonly location: string } {
  const device = new Secured().connect()
  device.say(register('urn:dev:a'))
  return { device, location: device.house.store.device('urn:dev:a')!.registration!.id }
}

const moves = (device: Secured): void => {
  device.path = securedPaths + 40
}
const told = (device: Secured, kind: string) => device.house.events.filter((event) => event.kind === kind)

/** What the server has asked the device since `before`. */
function asked(device: Secured, before: number): readonly string[] {
  return device.device.received.slice(before).map(({ bytes }) => lineOf(bytes))
}

describe('with a credential, from another address', () => {
  test('an Update is answered where it came from', () => {
    const { device, location } = secured()
    moves(device)
    expect(device.say(`CON 10 POST [10] /rd/${location}`)).toEqual(['ACK 10 2.04 [10]'])
    expect(device.house.store.device('urn:dev:a')?.registration?.address).toBe('127.0.0.40')
  })

  test('a Send is the device’s, without an Update before it', () => {
    const { device } = secured()
    moves(device)
    expect(device.say(`CON 10 POST [10] /dp ${report}`)).toEqual(['ACK 10 2.04 [10]'])
    expect(told(device, 'send')).toMatchObject([{ endpoint: 'urn:dev:a' }])
  })

  test('a notification counts, and the observation goes on', async () => {
    const { device } = secured()
    const before = device.device.received.length
    const draft = { kind: 'observe', path: '/3/0/9' } as const
    await device.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
    device.settle()
    const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(asked(device, before)[0]!)!
    device.say(`ACK ${id} 2.05 [${token}] Observe=1 Content-Format=0 "87"`)
    moves(device)
    expect(device.say(`CON 20 2.05 [${token}] Observe=2 Content-Format=0 "88"`)).toEqual(['ACK 20 EMPTY'])
    expect(told(device, 'notification')).toMatchObject([{ detail: { samples: [{ value: 88 }] } }])
  })

  test('the next request goes where it was last heard', async () => {
    const { device, location } = secured()
    moves(device)
    device.say(`CON 10 POST [10] /rd/${location}`)
    const before = device.device.received.length
    const draft = { kind: 'read', path: '/3/0/9' } as const
    await device.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
    device.settle()
    expect(asked(device, before)).toEqual([expect.stringMatching(/^CON \d+ GET \[\w{16}\] \/3 \/0 \/9/)])
  })
})

describe('with the credential of another', () => {
  const thief = (device: Secured): Secured => {
    const other = Object.assign(Object.create(Secured.prototype) as Secured, device, {
      device: new DtlsPeer({ options: clientOptions, random: new SeededRandom(77) }),
      path: securedPaths + 2,
    })
    return other.connect('thief')
  }
  const both = (): { readonly device: Secured; readonly other: Secured; readonly location: string } => {
    const device = new Secured({ meter: 'urn:dev:a', thief: 'urn:dev:b' }).connect()
    device.say(register('urn:dev:a'))
    return { device, other: thief(device), location: device.house.store.device('urn:dev:a')!.registration!.id }
  }

  test.each([
    ['a Register under its name', () => register('urn:dev:a').replace('CON 1', 'CON 5'), /4\.03/],
    ['an Update of its registration', (location: string) => `CON 5 POST [05] /rd/${location} ?lt=1`, /4\.04/],
    ['a De-register', (location: string) => `CON 5 DELETE [05] /rd/${location}`, /4\.04/],
    ['a Send', () => `CON 5 POST [05] /dp ${report}`, /4\.00/],
  ])('%s is refused', (_what, line, code) => {
    const { device, other, location } = both()
    expect(other.say(line(location))).toEqual([expect.stringMatching(code)])
    expect(device.house.store.device('urn:dev:a')?.registration).toMatchObject({ id: location, lifetime: 86_400 })
    expect(told(device, 'send')).toEqual([])
  })

  test('a notification with its token is met with RST', async () => {
    const { device, other } = both()
    const before = device.device.received.length
    const draft = { kind: 'observe', path: '/3/0/9' } as const
    await device.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
    device.settle()
    const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(asked(device, before)[0]!)!
    device.say(`ACK ${id} 2.05 [${token}] Observe=1 Content-Format=0 "87"`)
    expect(other.say(`CON 20 2.05 [${token}] Observe=2 Content-Format=0 "0"`)).toEqual(['RST 20 EMPTY'])
    expect(told(device, 'notification')).toEqual([])
  })

  test('it registers as itself, beside the other', () => {
    const { device, other } = both()
    expect(other.say(register('urn:dev:b').replace('CON 1', 'CON 5'))).toEqual([expect.stringMatching(/2\.01/)])
    expect(device.house.store.countDevices()).toBe(2)
  })
})

describe('a credential that is taken away', () => {
  test('ends what goes on, in both directions', async () => {
    const { device, location } = secured()
    device.house.credentials.clear()
    device.house.engine.secure!.revoke(device.house.now, { kind: 'psk', identity: utf8('meter') })
    device.house.settle()
    expect(device.say(`CON 10 POST [10] /rd/${location}`)).toEqual([])
    const before = device.device.received.length
    const draft = { kind: 'read', path: '/3/0/9' } as const
    await device.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
    device.settle()
    expect(asked(device, before)).toEqual([])
    expect(device.house.sent()).toEqual([])
  })

  test('that comes back with another key lets the device go on where it was', () => {
    const { device, location } = secured()
    device.house.engine.secure!.revoke(device.house.now, { kind: 'psk', identity: utf8('meter') })
    device.house.settle()
    const fresh = new Uint8Array(16).fill(7)
    device.house.credentials.set('meter', { key: fresh, endpoint: 'urn:dev:a' })
    device.connect('meter', fresh)
    expect(device.say(`CON 11 POST [11] /rd/${location}`)).toEqual(['ACK 11 2.04 [11]'])
  })
})

test('after a new handshake without a connection id an observation is not taken for lost by us', async () => {
  const { device, location } = secured()
  const before = device.device.received.length
  const draft = { kind: 'observe', path: '/3/0/9' } as const
  await device.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
  device.settle()
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(asked(device, before)[0]!)!
  device.say(`ACK ${id} 2.05 [${token}] Observe=1 Content-Format=0 "87"`)
  device.house.now = after(device.house.now, minutes(30))
  device.path++
  device.connect()
  expect(device.say(`CON 30 POST [30] /rd/${location}`)).toContain('ACK 30 2.04 [30]')
  expect(device.say(`CON 31 2.05 [${token}] Observe=2 Content-Format=0 "88"`)).toContain('ACK 31 EMPTY')
  expect(told(device, 'notification')).toMatchObject([{ detail: { samples: [{ value: 88 }] } }])
})
