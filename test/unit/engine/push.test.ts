/** Packages written to a device block by block: to the end, over silence, restarts of either side, and refusals. */
import { describe, expect, test } from 'vitest'
import { hours, minutes } from '../../../src/base/time.ts'
import { begin, size, type PackageDevice } from './package-device.ts'

function reboot(device: PackageDevice, version: string): void {
  device.running = version
  device.state = 0
  device.result = 1
  device.register()
}

test('a device that takes packages by push only is given the image block by block, and installs it', async () => {
  const { device, update } = await begin()
  expect(device.log).toEqual(['package', 'whole', 'install'])
  expect(device.octets).toBe(size)
  expect(update()).toMatchObject({ state: 'updating', delivery: 'push', fetched: size, blockSize: 256, resumes: 0 })
  reboot(device, '2.0.0')
  expect(update()).toMatchObject({ state: 'confirmed', fromVersion: '1.0.0' })
})

test('the operator may have it pushed to a device that could fetch it', async () => {
  const pulled = await begin((device) => (device.delivery = 2))
  expect(pulled.device.log).toEqual(['uri'])
  const pushed = await begin((device) => (device.delivery = 2), { options: { push: true } })
  expect(pushed.device.log).toEqual(['package', 'whole', 'install'])
  const refused = await begin((device) => (device.delivery = 0), { options: { push: true } })
  expect(refused.update()).toMatchObject({ state: 'failed', failure: 'delivery-method' })
})

describe('a push that broke off', () => {
  const broken = () =>
    begin((device) => {
      device.hears = 10
    })

  test('goes on from the last block when the device is heard again', async () => {
    const { house, device, update } = await broken()
    const before = update().fetched
    expect(before).toBeGreaterThan(0)
    house.elapse(minutes(10))
    expect(update()).toMatchObject({ state: 'downloading', fetched: before })
    device.wake()
    device.update()
    expect(device.log).toEqual(['package', 'whole', 'install'])
    expect(device.octets).toBe(size)
    expect(update()).toMatchObject({ state: 'updating', fetched: size, resumes: 1 })
  })

  test('goes on after a restart of the server', async () => {
    const { house, device, update } = await broken()
    const before = update().fetched
    device.wake()
    house.restart()
    device.pump()
    expect(device.log).toEqual(['package', 'whole', 'install'])
    expect(device.octets).toBe(size)
    expect(update().fetched).toBeGreaterThan(before)
  })

  test('begins anew where the device has lost what it had', async () => {
    const { house, device, update } = await broken()
    house.elapse(minutes(10))
    device.wake()
    Object.assign(device, { state: 0, staged: 0 })
    device.register()
    expect(device.log.slice(0, 1)).toEqual(['package'])
    expect(device.log.slice(-3)).toEqual(['package', 'whole', 'install'])
    expect(update()).toMatchObject({ state: 'updating', fetched: size, attempts: 1 })
  })

  test('is reset first where the device will not go on', async () => {
    const { house, device, update } = await broken()
    house.elapse(minutes(10))
    device.wake()
    device.staged = 1
    device.update()
    expect(device.log.slice(-5)).toEqual(['package', 'nul', 'package', 'whole', 'install'])
    expect(update()).toMatchObject({ state: 'updating', fetched: size })
  })
})

describe('cancelled in the middle', () => {
  test.each([
    ['Cancel where the device has it', {}, ['cancel']],
    ['one zero octet where it refuses Cancel', { hasCancel: false }, ['cancel', 'nul']],
    ['one zero octet where it cannot have Cancel', { lwm2m: '1.0' }, ['nul']],
  ])('it is dropped by %s', async (_, kind, words) => {
    const { house, device, update } = await begin((made) => Object.assign(made, { hears: 10 }, kind))
    device.wake()
    await house.command({ command: 'firmware.cancel', endpoint: 'urn:dev:a' })
    expect(update().state).toBe('cancelling')
    device.pump()
    expect(device.log).toEqual(['package', ...words])
    expect(update()).toMatchObject({ state: 'cancelled' })
    expect(device.state).toBe(0)
  })

  test('and never heard of again, it ends by itself', async () => {
    const { house, update } = await begin((made) => (made.hears = 10))
    await house.command({ command: 'firmware.cancel', endpoint: 'urn:dev:a' })
    house.elapse(hours(24 * 8))
    expect(update()).toMatchObject({ state: 'cancelled' })
    expect(update().reason).toContain('may still hold the image')
  })
})
