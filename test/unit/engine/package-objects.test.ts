/** Updates of other objects than 5: a component (33629) and software (9), by the same machine. */
import { describe, expect, test } from 'vitest'
import { begin } from './package-device.ts'

test('a component is confirmed by its own version', async () => {
  const { device, update } = await begin(undefined, { target: '/33629/1' })
  expect(device.log).toEqual(['package', 'whole', 'install'])
  Object.assign(device, { running: '2.0.0', state: 0, result: 1 })
  device.register()
  expect(update()).toMatchObject({ target: '/33629/1', state: 'confirmed', fromVersion: '1.0.0' })
})

test('a component that waits for another says so', async () => {
  const { device, update } = await begin(undefined, { target: '/33629/0' })
  Object.assign(device, { state: 2, result: 13 })
  device.register()
  expect(update()).toMatchObject({ state: 'failed', failure: 'dependency' })
})

describe('software', () => {
  test('is fetched, installed and activated, without a restart', async () => {
    const { device, update } = await begin(undefined, { target: '/9/0' })
    expect(device.log).toEqual(['uri'])
    Object.assign(device, { state: 3, result: 3, packageVersion: '2.0.0' })
    device.register()
    expect(device.log).toEqual(['uri', 'install'])
    Object.assign(device, { state: 4, result: 2 })
    device.register()
    expect(device.log).toEqual(['uri', 'install', 'activate'])
    expect(update()).toMatchObject({ state: 'confirmed', result: 1 })
  })

  test('that is there in another version makes room first', async () => {
    const { device } = await begin(
      (made) => Object.assign(made, { state: 4, result: 2, packageVersion: '1.0.0', active: true }),
      { target: '/9/0' },
    )
    expect(device.log).toEqual(['cancel1', 'uri'])
  })

  test.each([
    [50, 'no-flash'],
    [53, 'integrity'],
    [56, 'uri'],
    [58, 'install-failed'],
  ])('that ends with result %i says what object 5 would', async (result, failure) => {
    const { device, update } = await begin(undefined, { target: '/9/0' })
    Object.assign(device, { state: 0, result })
    device.register()
    expect(update()).toMatchObject({ state: 'failed', failure })
  })
})

test.each(['/3/0', '/5', '/5/0/1', '/9/65535', 'x'])('%s takes no packages', async (target) => {
  await expect(begin(undefined, { target })).rejects.toMatchObject({ code: 'firmware.target', status: 422 })
})

test('an update of a device that is deleted is gone, and still to be read', async () => {
  const { house, update } = await begin((made) => (made.hears = 10))
  const { id } = update()
  await house.command({ command: 'device.delete', endpoint: 'urn:dev:a' })
  expect(house.store.update(id)).toMatchObject({ state: 'gone', reason: 'the device was deleted' })
  const told = house.events.filter(({ kind }) => kind === 'firmware.state').at(-1)
  expect(told?.detail).toMatchObject({ update: id, state: 'gone' })
})
