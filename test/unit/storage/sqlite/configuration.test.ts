/** Configuration of devices in SQLite: set, replaced, removed, gone with its device; the actor starts with it. */
import { expect, test } from 'vitest'
import { instantOf } from '../../../../src/base/time.ts'
import type { Configuration } from '../../../../src/fleet/configuration/types.ts'
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
  store.commit([put('1', 3000), { op: 'device.delete', deviceId: 1 }])
  expect(store.configuration(1)).toBeUndefined()
  store.close()
})
