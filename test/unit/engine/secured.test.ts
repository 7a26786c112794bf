/** Devices over DTLS through the engine: durable before they know of it, known by their credential, restarts unnoticed. */
import { expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { after, days, minutes } from '../../../src/base/time.ts'
import { defaultSuites } from '../../../src/dtls/suites.ts'
import { bodySource } from '../../support/body-source.ts'
import { datagramOf, lineOf } from '../../support/coap-notation.ts'
import { clientOptions, DtlsPeer } from '../../support/dtls-peer.ts'
import { diskFull, securedPaths } from '../../support/engine-harness.ts'
import { key, links, register, Secured } from '../../support/secured-device.ts'

test('a device registers over DTLS, under the name its credential stands for', () => {
  const secured = new Secured().connect()
  expect(secured.device.opens).toHaveLength(1)
  expect(secured.say(register('urn:dev:a'))).toEqual([expect.stringMatching(/^ACK 1 2\.01/)])
  expect(secured.house.store.device('urn:dev:a')?.registration?.secured).toBe(true)
})

test('without a name the credential gives it; with another one it is refused', () => {
  const secured = new Secured().connect()
  expect(secured.say(register('urn:dev:other'))).toEqual([expect.stringMatching(/^ACK 1 4\.03/)])
  expect(secured.house.store.countDevices()).toBe(0)
  expect(secured.say(`CON 2 POST [02] /rd ?lwm2m=1.1 Content-Format=40 ${links}`)).toEqual([
    expect.stringMatching(/^ACK 2 2\.01/),
  ])
  expect(secured.house.store.device('urn:dev:a')).toBeDefined()
})

test('an unknown identity and a wrong key get no association', () => {
  expect(new Secured().connect('stranger').device.opens).toEqual([])
  expect(new Secured().connect('meter', new Uint8Array(16).fill(9)).device.opens).toEqual([])
})

test('the handshake completes only once the association is durable', () => {
  const secured = new Secured()
  secured.house.failure = diskFull
  secured.connect()
  expect(secured.device.opens).toEqual([])
  expect(secured.house.store.associationByEndpoint('urn:dev:a')).toBeUndefined()
  secured.house.failure = undefined
  secured.connect()
  expect(secured.device.opens).toHaveLength(1)
  expect(secured.house.store.associationByEndpoint('urn:dev:a')?.identity).toBe('meter')
})

test('a device that repeats its last flight meanwhile hears nothing before the association is durable', () => {
  const { device, house, path } = new Secured()
  const terms = { preSharedKey: { identity: utf8('meter'), key }, suites: defaultSuites, cidDialect: 54 } as const
  device.endpoint.connect(house.now, 0, terms)
  // Nothing is committed on the way
  const carry = (): number => {
    for (const { bytes } of device.take()) house.receiveSecured(path, bytes)
    const answers = house.sentSecured()
    for (const { bytes } of answers) device.receive(house.now, 0, bytes)
    return answers.length
  }
  while (carry() > 0);
  for (let repetition = 0; repetition < 2; repetition++) {
    device.endpoint.expire(device.endpoint.nextDeadline())
    expect([device.sent.length, carry(), device.opens]).toEqual([1, 0, []])
  }
  house.settle()
  carry()
  expect(device.opens).toHaveLength(1)
})

test('what was registered with a credential is not touched in the clear, nor by another credential', () => {
  const secured = new Secured({ meter: 'urn:dev:a', thief: 'urn:dev:b' }).connect()
  secured.say(register('urn:dev:a'))
  const { house } = secured
  const location = house.store.device('urn:dev:a')!.registration!.id
  house.receive(9, `CON 5 DELETE [05] /rd/${location}`)
  house.receive(9, register('urn:dev:a').replace('CON 1', 'CON 6'))
  house.settle()
  expect(house.sent()).toEqual(['ACK 5 4.04 [05]', expect.stringMatching(/^ACK 6 4\.03/)])
  const thief = new DtlsPeer({ options: clientOptions, random: new SeededRandom(77) })
  const other = Object.assign(Object.create(Secured.prototype) as Secured, secured, {
    device: thief,
    path: securedPaths + 2,
  })
  other.connect('thief')
  expect(other.say(`CON 7 DELETE [07] /rd/${location}`)).toEqual(['ACK 7 4.04 [07]'])
  expect(house.store.device('urn:dev:a')?.registration?.id).toBe(location)
})

test('after a restart the device goes on by its CID: no handshake, no number used twice, no message run twice', () => {
  const secured = new Secured().connect()
  const { house } = secured
  secured.say(register('urn:dev:a'))
  const location = house.store.device('urn:dev:a')!.registration!.id
  for (let life = 0; life < 3; life++) {
    house.restart()
    expect(secured.say(`CON ${10 + life} POST [0${life}] /rd/${location}`)).toEqual([
      `ACK ${10 + life} 2.04 [0${life}]`,
    ])
  }
  expect(secured.device.opens).toHaveLength(1)
  expect(new Set(secured.records).size).toBe(secured.records.length)
})

test('a record that ran before a crash is refused when it is replayed after it', () => {
  const secured = new Secured().connect()
  const { house, device } = secured
  const bytes = datagramOf(register('urn:dev:a'))
  device.endpoint.send(house.now, device.lastOpened.id, bytes, 0, bytes.length)
  const [record] = device.take()
  house.receiveSecured(secured.path, record!.bytes)
  house.settle()
  const first = house.store.device('urn:dev:a')!.registration!
  house.sentSecured()
  house.restart()
  house.receiveSecured(secured.path, record!.bytes)
  house.settle()
  expect(house.sentSecured()).toEqual([])
  expect(house.store.device('urn:dev:a')!.registration).toEqual(first)
})

test('the device comes back from another address and is answered there', () => {
  const secured = new Secured().connect()
  secured.say(register('urn:dev:a'))
  const location = secured.house.store.device('urn:dev:a')!.registration!.id
  secured.path = securedPaths + 44
  expect(secured.say(`CON 12 POST [12] /rd/${location}`)).toEqual(['ACK 12 2.04 [12]'])
  expect(secured.house.store.device('urn:dev:a')?.registration?.address).toBe('127.0.0.44')
})

test('a request goes down to a device that has not spoken since the restart, over its association', async () => {
  const secured = new Secured().connect()
  secured.say(register('urn:dev:a'))
  const { house } = secured
  house.restart()
  house.now = (house.now + minutes(1)) as typeof house.now
  const before = secured.device.received.length
  await house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind: 'read', path: '/3/0/0' } })
  secured.settle()
  const requests = secured.device.received.slice(before).map(({ bytes }) => lineOf(bytes))
  expect(requests).toEqual([expect.stringMatching(/^CON \d+ GET \[\w{16}\] \/3 \/0 \/0/)])
  expect(house.sent()).toEqual([])
})

test('a revoked identity is closed now and refused from then on', () => {
  const secured = new Secured().connect()
  secured.say(register('urn:dev:a'))
  const { house } = secured
  house.credentials.clear()
  house.engine.secure!.revoke(house.now, { kind: 'psk', identity: utf8('meter') })
  house.settle()
  expect(secured.say('CON 20 GET [20] /')).toEqual([])
  expect(house.store.associationByEndpoint('urn:dev:a')).toBeUndefined()
  secured.connect()
  expect(secured.device.opens).toHaveLength(1)
})

test('of a device that begins anew after each restart the store keeps as many associations as it may have', () => {
  const secured = new Secured().connect()
  const { house } = secured
  const cids: string[] = []
  for (let life = 0; life < 7; life++) {
    secured.say(register('urn:dev:a'))
    cids.push(house.store.associationByEndpoint('urn:dev:a')!.cid)
    house.restart()
    house.now = after(house.now, minutes(1))
    secured.path++
    secured.connect()
  }
  expect(cids.filter((cid) => house.store.associationByCid(cid) !== undefined)).toEqual(cids.slice(-3))
})

test('associations nobody was heard on for their lifetime leave the store, with or without a restart', () => {
  const secured = new Secured().connect()
  const { house } = secured
  const { cid } = house.store.associationByEndpoint('urn:dev:a')!
  house.restart()
  house.elapse(days(89))
  expect(house.store.associationByCid(cid)).toBeDefined()
  house.elapse(days(2))
  expect(house.store.associationByCid(cid)).toBeUndefined()
})

test('what could not leave for want of reserved numbers is not sent once there are some, long after', () => {
  const secured = new Secured(undefined, 16).connect()
  const { house, device } = secured
  house.failure = diskFull
  let answers = 0
  for (let id = 1; id <= 30; id++) answers += secured.say(`CON ${id} GET [${id + 10}] /`).length
  expect(answers).toBeGreaterThan(8)
  expect(answers).toBeLessThan(16)
  house.failure = undefined
  house.now = after(house.now, minutes(10))
  const before = device.received.length
  // The first one asks for numbers, which its answer still waits for; the next ones are answered as usual.
  for (let id = 101; id <= 103; id++) secured.say(`CON ${id} GET [${id - 80}] /`)
  const late = device.received.slice(before).map(({ bytes }) => lineOf(bytes).split(' ')[1])
  expect(late).toEqual(['101', '102', '103'])
})

test('a repetition for which an unproven address has no room is not sent when the operation is long over', async () => {
  const secured = new Secured(undefined, 16).connect('meter', key, { returnRoutability: true })
  secured.say(register('urn:dev:a'))
  const { house, device } = secured
  const { id } = house.store.device('urn:dev:a')!.registration!
  secured.path++
  const update = datagramOf(`CON 10 POST [10] /rd/${id}`)
  device.endpoint.send(house.now, device.lastOpened.id, update, 0, update.length)
  house.receiveSecured(secured.path, device.take()[0]!.bytes)
  // The check of its address and the answer leave room for the request once, though CoAP would repeat it.
  const draft = { kind: 'execute', path: '/3/0/12', value: "0='x'" } as const
  await house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
  house.elapse(minutes(10))
  expect(house.sentSecured()).toHaveLength(3)
  expect(house.store.operation(1)).toMatchObject({ state: 'queued', attempts: 1 })
  const before = device.received.length
  for (let life = 11; life < 31; life++) secured.say(`CON ${life} POST [${life}] /rd/${id}`)
  const lines = device.received.slice(before).map(({ bytes }) => lineOf(bytes))
  expect(lines).toHaveLength(20)
  expect(lines.filter((line) => !line.startsWith('ACK'))).toEqual([])
  expect(house.store.operation(1)).toMatchObject({ state: 'failed', reason: 'outcome-unknown' })
})

// What does not fit a record of the peer's could not be sent at all: it would ask for ever.
test.each([
  [{ maxFragmentLength: 512 }, 256],
  [{ maxFragmentLength: 1024, recordSizeLimit: 256 }, 128],
  [{ recordSizeLimit: 100 }, 32],
  [{ recordSizeLimit: 64 }, 16],
] as const)(
  'a device with %j is served in blocks of %i, also after a restart (RFC 6066 §4, RFC 8449 §4)',
  (limit, size) => {
    const secured = new Secured()
    const image = Uint8Array.from({ length: 600 }, (_, i) => 128 + (i % 120))
    secured.house.images.set('0123456789ab', bodySource(image, Uint8Array.of(1)))
    secured.connect('meter', key, limit)
    const got: string[] = []
    for (let number = 0; number * size < image.length; number++) {
      if (number === 1) secured.house.restart()
      const asked = number === 0 ? 'Block2=0/0/1024' : `Block2=${number}/0/${size}`
      const [answer] = secured.say(`CON ${30 + number} GET [01] /fw/0123456789ab ${asked}`)
      expect(answer).toContain(`Block2=${number}/${(number + 1) * size < image.length ? 1 : 0}/${size} `)
      got.push(/<([0-9a-f]+)>/.exec(answer!)![1]!)
    }
    expect(got.join('')).toBe(Buffer.from(image).toString('hex'))
  },
)

test('a body for a device that takes small records only goes in blocks that fit (RFC 8449 §4)', () => {
  const secured = new Secured().connect('meter', key, { recordSizeLimit: 200 })
  secured.say(register('urn:dev:a'))
  const draft = { kind: 'write', path: '/3/0/14', value: 'x'.repeat(300) } as const
  void secured.house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
  secured.settle()
  const lines = secured.device.received.map(({ bytes }) => lineOf(bytes))
  expect(lines.at(-1)).toMatch(/Block1=0\/1\/128 /)
})
