/** When a device was last seen, as it is kept: its answers and its fetches count as well as what it sends by itself. */
import { expect, test } from 'vitest'
import { after, seconds } from '../../../src/base/time.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import { statusOf, statusRulesOf } from '../../../src/fleet/registry/rules.ts'
import { bodySource } from '../../support/body-source.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>,</5/0>"'
const read = { command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind: 'read', path: '/3/0/9' } } as const
const key = 'ab'.repeat(6)
const image = { sha256: 'ab'.repeat(32), size: 4096, version: '1.1.0', product: 'valve' }

function registered(): EngineHarness {
  const house = new EngineHarness()
  house.images.set(key, bodySource(new Uint8Array(4096)))
  house.receive(1, `CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&b=U&Q Content-Format=40 ${links}`)
  house.settle()
  house.sent()
  return house
}

const lastSeen = (house: EngineHarness) => house.store.device('urn:dev:a')!.device.lastSeen

function status(house: EngineHarness): string {
  const { device, registration } = house.store.device('urn:dev:a')!
  return statusOf(device, registration, house.now, statusRulesOf(defaultSettings)).status
}

test('an answer moves it, and the device is awake for as long as it listens after that', async () => {
  const house = registered()
  house.elapse(seconds(15))
  await house.command(read)
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(house.sent(1)[0]!)!
  house.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=0 "87"`)
  house.settle()
  expect(lastSeen(house)).toBe(house.now)
  house.elapse(seconds(15))
  expect(status(house)).toBe('awake')
  house.elapse(seconds(10))
  expect(status(house)).toBe('asleep')
})

test('blocks it fetches move it with the progress they make, and nobody else can', async () => {
  const house = registered()
  const begun = house.now
  const { id: deviceId } = house.store.device('urn:dev:a')!.device
  await house.command({ command: 'firmware.start', endpoint: 'urn:dev:a', image })
  let id = 5000
  const fetch = (path: number, number: number): void => {
    house.elapse(seconds(10))
    house.receive(path, `CON ${++id} GET [07] /fw/${key}/${deviceId.toString(36)} Block2=${number}/0/512`)
    house.settle()
    house.sent()
  }
  fetch(9, 0)
  expect(lastSeen(house)).toBe(begun)
  for (const number of [1, 2, 3]) fetch(1, number)
  expect(lastSeen(house)).toBe(after(begun, seconds(40)))
  expect(status(house)).toBe('awake')
})
