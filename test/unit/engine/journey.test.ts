/** Updates that lead over several images: hop after hop, each confirmed before the next, over restarts of either side. */
import { describe, expect, test } from 'vitest'
import { wishOfWay } from '../../../src/fleet/firmware/journey.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import type { Leg } from '../../../src/fleet/images/types.ts'
import { begin, type PackageDevice } from './package-device.ts'

const legTo = (version: string, size: number): Leg => ({
  sha256: version.replaceAll('.', '').padEnd(64, '0'),
  product: 'valve',
  version,
  size,
})
const [middle, goal] = [legTo('1.5.0', 1024), legTo('2.0.0', 2048)]
const patched: Leg = { ...middle, delta: { sha256: 'd'.repeat(64), size: 256 } }

function onTheWay(...legs: readonly [Leg, ...Leg[]]) {
  return begin(undefined, wishOfWay(legs, '1.0.0', {}))
}

function reboot(device: PackageDevice, version: string, result = 1): void {
  Object.assign(device, { running: version, state: 0, staged: 0, result })
  device.register()
}

type House = Awaited<ReturnType<typeof onTheWay>>['house']

/** Oldest first, a line each. */
function course(house: House): readonly string[] {
  const word = ({ version, size, state, journey, fromVersion }: FirmwareUpdate): string =>
    `${journey?.hop}/${journey?.hops} ${fromVersion}>${version} ${size} ${state}`
  return house.store.updates(undefined, 10).map(word).reverse()
}

describe('a way over another image', () => {
  test('takes its next hop when the one before is confirmed, and ends at its goal', async () => {
    const { house, device } = await onTheWay(middle, goal)
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 updating'])
    reboot(device, '1.5.0')
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 confirmed', '2/2 1.5.0>2.0.0 2048 updating'])
    reboot(device, '2.0.0')
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 confirmed', '2/2 1.5.0>2.0.0 2048 confirmed'])
    expect(device.log).toEqual(['package', 'whole', 'install', 'package', 'whole', 'install'])
  })

  test('goes on from its hop after a restart of the server', async () => {
    const { house, device } = await onTheWay(middle, goal)
    house.restart()
    reboot(device, '1.5.0')
    house.restart()
    device.pump()
    reboot(device, '2.0.0')
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 confirmed', '2/2 1.5.0>2.0.0 2048 confirmed'])
    expect(device.log.filter((word) => word === 'install')).toHaveLength(2)
  })

  test('ends where a hop fails', async () => {
    const { house, device } = await onTheWay(middle, goal)
    reboot(device, '1.0.0', 0)
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 failed'])
  })

  test('goes no further than what installs when it is cancelled', async () => {
    const { house, device } = await onTheWay(middle, goal)
    await house.command({ command: 'firmware.cancel', endpoint: 'urn:dev:a' })
    await expect(house.command({ command: 'firmware.cancel', endpoint: 'urn:dev:a' })).rejects.toThrow('installs 1.5.0')
    reboot(device, '1.5.0')
    expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 1024 confirmed'])
  })

  test('does not begin where the device turns out to run something else', async () => {
    const { update } = await begin((device) => (device.running = '1.7.0'), wishOfWay([middle, goal], '1.0.0', {}))
    expect(update()).toMatchObject({ state: 'failed', failure: 'other-version', fetched: 0 })
    expect(update().reason).toBe('the device runs 1.7.0, and its way to 2.0.0 begins at 1.0.0')
  })

  test('needs every image and delta of it until it has ended', async () => {
    const { house } = await onTheWay(patched, goal)
    const needing = (sha256: string) => house.store.openUpdatesNeeding(sha256, 9).length
    expect([middle.sha256, patched.delta!.sha256, goal.sha256, 'e'.repeat(64)].map(needing)).toEqual([1, 1, 1, 0])
  })
})

describe('a delta', () => {
  test.each([
    ['no-flash', 2],
    ['no-ram', 3],
    ['integrity', 5],
    ['package-type', 6],
    ['install-failed', 8],
    ['dependency', 13],
  ])(
    'that is refused (%s) makes way for the whole image, and for whole images from then on',
    async (failure, result) => {
      const onward: Leg = { ...goal, delta: { sha256: 'e'.repeat(64), size: 512 } }
      const { house, device } = await onTheWay(patched, onward)
      expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 256 updating'])
      reboot(device, '1.0.0', result)
      expect(house.store.updates(undefined, 2).at(-1)).toMatchObject({ failure })
      expect(course(house)).toEqual(['1/2 1.0.0>1.5.0 256 failed', '1/2 1.0.0>1.5.0 1024 updating'])
      reboot(device, '1.5.0')
      reboot(device, '2.0.0')
      expect(course(house).slice(1)).toEqual(['1/2 1.0.0>1.5.0 1024 confirmed', '2/2 1.5.0>2.0.0 2048 confirmed'])
    },
  )

  test.each([
    ['uri', 7],
    ['protocol', 9],
    ['cancelled-on-device', 10],
    ['conflict', 12],
  ])('that ends for what a whole image would meet as well (%s) is not followed by one', async (failure, result) => {
    const { house, device } = await onTheWay(patched)
    reboot(device, '1.0.0', result)
    expect(course(house)).toEqual(['1/1 1.0.0>1.5.0 256 failed'])
    expect(house.store.updates(undefined, 1)[0]).toMatchObject({ failure })
  })

  test('that brought back the old version is a failure like any other', async () => {
    const { house, device } = await onTheWay(patched)
    reboot(device, '1.0.0', 0)
    expect(course(house)).toEqual(['1/1 1.0.0>1.5.0 256 failed'])
  })
})
