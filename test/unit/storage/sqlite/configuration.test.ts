/** Configuration of devices in SQLite: set, replaced, removed, gone with its device; the actor starts with it. */
import { expect, test } from 'vitest'
import { instantOf } from '../../../../src/base/time.ts'
import type { Configuration, ConfigurationObserver, ObserverWay } from '../../../../src/fleet/configuration/types.ts'
import type { StoreOp } from '../../../../src/fleet/store.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { device, openStore } from '../fixtures.ts'

const configuration = (document: string, at: number): Configuration => ({
  deviceId: 1,
  document,
  changedAt: instantOf(at),
})
const put = (document: string, at: number): StoreOp => ({
  op: 'device.config',
  deviceId: 1,
  configuration: configuration(document, at),
})

test.each([
  ['SQLite', openStore],
  ['memory', () => new MemoryStore()],
])('%s keeps one document a device', (_, open) => {
  const store = open()
  const snapshot = (): unknown => store.snapshot({ by: 'id', deviceId: 1 }, 10)?.configuration
  store.commit([{ op: 'device.put', device: device(1) }])
  expect([store.configuration(1), snapshot()]).toEqual([undefined, undefined])
  store.commit([put('{"a":1}', 1000)])
  store.commit([put('{"a":"ü"}', 2000)])
  expect(store.configuration(1)).toEqual(configuration('{"a":"ü"}', 2000))
  expect(snapshot()).toEqual(configuration('{"a":"ü"}', 2000))
  store.commit([{ op: 'device.config', deviceId: 1, configuration: undefined }])
  expect([store.configuration(1), snapshot()]).toEqual([undefined, undefined])
  const observer = (token: string, toldAt: number, way: ObserverWay): ConfigurationObserver => ({
    deviceId: 1,
    token,
    way,
    registration: Uint8Array.of(0x40, 1, 0, 1),
    format: 50,
    toldAt: instantOf(toldAt),
  })
  const plain = { address: '192.0.2.1', port: 5683, claimed: true }
  const [first, second] = [observer('', 2000, plain), observer('0a', 2000, { association: 7 })]
  store.commit([first, second].map((each) => ({ op: 'config-observer.put', observer: each })))
  expect(store.configurationObservers(1)).toEqual([first, second])
  expect(store.devicesToRecover(0, 10)).toEqual([1])
  const told = observer('', 3000, { ...plain, claimed: false })
  store.commit([put('1', 3000), { op: 'config-observer.put', observer: told }])
  expect(store.snapshot({ by: 'id', deviceId: 1 }, 10)?.configurationObservers).toEqual([told, second])
  expect([store.devicesToRecover(0, 10), store.devicesToRecover(1, 10)]).toEqual([[1], []])
  store.commit([{ op: 'config-observer.delete', deviceId: 1, token: '0a' }])
  expect([store.configurationObservers(1), store.devicesToRecover(0, 10)]).toEqual([[told], []])
  store.commit([put('1', 3000), { op: 'device.delete', deviceId: 1 }])
  expect([store.configuration(1), store.configurationObservers(1)]).toEqual([undefined, []])
  store.close()
})
