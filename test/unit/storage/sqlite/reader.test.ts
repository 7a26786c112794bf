/** What a second connection reads beside the writer: all that is committed, as soon as it is, and nothing else. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStoreReader } from '../../../../src/storage/sqlite/store.ts'
import { device, openStore, registration, temporaryDirectory } from '../fixtures.ts'

test('each commit is there for the next read; reads together see one moment', () => {
  const file = join(temporaryDirectory(), 'coapstan.db')
  const store = openStore(file)
  const reader = openStoreReader(file)
  onTestFinished(() => reader.close())
  const product = (): string | undefined => reader.snapshot({ by: 'id', deviceId: 1 }, 10)?.device.product
  const make = (name: string): void => store.commit([{ op: 'device.put', device: device(1, { product: name }) }])

  expect(reader.snapshot({ by: 'endpoint', endpoint: device(1).endpoint }, 10)).toBeUndefined()
  store.commit([
    { op: 'device.add', device: device(1) },
    { op: 'registration.put', deviceId: 1, registration: registration('r1') },
  ])
  expect(reader.snapshot({ by: 'registration', registrationId: 'r1' }, 10)).toEqual(
    store.snapshot({ by: 'id', deviceId: 1 }, 10),
  )
  for (let i = 0; i < 20; i++) {
    make(`meter ${i}`)
    expect(product()).toBe(`meter ${i}`)
  }
  reader.together(() => {
    expect(product()).toBe('meter 19')
    make('valve')
    expect(product()).toBe('meter 19')
  })
  expect(product()).toBe('valve')
})
