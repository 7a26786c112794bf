/** Images for some hardware: the device is asked for its own once, while it listens, and refused what is not for it. */
import { expect, test } from 'vitest'
import { wishOfWay } from '../../../src/fleet/firmware/journey.ts'
import type { Leg } from '../../../src/fleet/images/types.ts'
import { begin } from './package-device.ts'

const leg: Leg = { sha256: 'ab'.repeat(32), product: 'valve', version: '2.0.0', size: 4096 }
const forB = wishOfWay([{ ...leg, hardware: ['B', 'C'] }], '1.0.0', {})

test('an image for any hardware asks for none', async () => {
  const { device, update } = await begin((one) => (one.hardware = 'A'), wishOfWay([leg], '1.0.0', {}))
  expect(update().state).toBe('updating')
  expect(device.asked).not.toContain('/3/0/18')
})

test('the hardware a device tells is asked for once, and kept', async () => {
  const { house, device, update } = await begin((one) => (one.hardware = 'C'), forB)
  expect(update().state).toBe('updating')
  expect(house.store.device('urn:dev:a')!.device.learned!.vitals).toMatchObject({ hardware: 'C' })
  device.register()
  expect(device.asked.filter((path) => path === '/3/0/18')).toHaveLength(1)
})

test('a device of other hardware is offered nothing', async () => {
  const { device, update } = await begin((one) => (one.hardware = 'A'), forB)
  expect(update()).toMatchObject({ state: 'failed', failure: 'other-hardware', fetched: 0 })
  expect(update().reason).toBe('2.0.0 runs on hardware B, C, and the device is A')
  expect(device.log).toEqual([])
})

test('a device that does not tell its hardware is updated, and it is said', async () => {
  const { update } = await begin(undefined, forB)
  expect(update().state).toBe('updating')
  expect(update().reason).toContain('does not tell its hardware version (/3/0/18)')
})

const middle: Leg = { ...leg, sha256: '15'.repeat(32), version: '1.5.0' }

test('nobody sets out on a way that ends before an image for other hardware', async () => {
  const way = wishOfWay([middle, { ...leg, hardware: ['B'] }], '1.0.0', {})
  const { device, update } = await begin((one) => (one.hardware = 'A'), way)
  expect(update()).toMatchObject({ version: '1.5.0', state: 'failed', failure: 'other-hardware', fetched: 0 })
  expect(update().reason).toBe('2.0.0 runs on hardware B, and the device is A')
  expect(device.log).toEqual([])
})

test('a limit of the first hop alone binds the first alone', async () => {
  const way = wishOfWay([{ ...middle, hardware: ['A'] }, leg], '1.0.0', {})
  const { house, device } = await begin((one) => (one.hardware = 'A'), way)
  Object.assign(device, { running: '1.5.0', state: 0, staged: 0, result: 1 })
  device.register()
  expect(house.store.updates(undefined, 9).map(({ version, state }) => `${version} ${state}`)).toEqual([
    '2.0.0 updating',
    '1.5.0 confirmed',
  ])
})
