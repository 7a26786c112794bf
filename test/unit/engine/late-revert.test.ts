/** A device that goes back to its old version after its update was confirmed, and all that is no late revert. */
import { expect, test } from 'vitest'
import { days, minutes } from '../../../src/base/time.ts'
import { begin, type PackageDevice } from './package-device.ts'

/** Installed, registered anew, confirmed. */
async function confirmed(target = '/5/0') {
  const begun = await begin(undefined, { target })
  const { house, device, update } = begun
  runs(device, '2.0.0')
  device.register()
  expect(update()).toMatchObject({ state: 'confirmed', fromVersion: '1.0.0' })
  device.asked.length = 0
  house.elapse(minutes(1))
  return begun
}

function runs(device: PackageDevice, running: string): void {
  Object.assign(device, { running, state: 0, result: 1 })
}

const lateReverts = ({ house }: Awaited<ReturnType<typeof confirmed>>) =>
  house.events.filter(({ kind }) => kind === 'firmware.reverted-later').map(({ detail }) => detail)

test.each(['/5/0', '/33629/1'])('the old version after a later registration fails the update of %s', async (target) => {
  const at = await confirmed(target)
  const { id } = at.update()
  at.house.elapse(days(2))
  runs(at.device, '1.0.0')
  at.device.register()
  const reason = 'reverted later: the device runs 1.0.0 again after 2.0.0 was confirmed'
  expect(at.update()).toMatchObject({
    id,
    state: 'failed',
    failure: 'reverted-later',
    reason,
    finishedAt: at.house.now,
  })
  expect(lateReverts(at)).toEqual([{ update: id, version: '2.0.0', running: '1.0.0', reason }])
  at.device.asked.length = 0
  at.device.register()
  expect(at.device.asked).toEqual([])
})

test('a device is asked for its version once in each registration of the watch time, and never otherwise', async () => {
  const at = await confirmed()
  at.device.update()
  expect(at.device.asked).toEqual([])
  for (let round = 0; round < 3; round++) {
    at.device.register()
    at.device.update()
  }
  expect(at.device.asked).toEqual(Array.from({ length: 3 }, () => '/3/0/3'))
  at.house.elapse(days(8))
  at.device.register()
  expect(at.device.asked).toHaveLength(3)
  expect(at.house.store.device('urn:dev:a')?.device.learned?.watch).toBeUndefined()
  expect(at.update()).toMatchObject({ state: 'confirmed' })
})

test('it is seen in what somebody else reads, without a registration', async () => {
  const at = await confirmed()
  runs(at.device, '1.0.0')
  await at.house.command({
    command: 'operation.submit',
    endpoint: 'urn:dev:a',
    draft: { kind: 'read', path: '/3/0/3' },
  })
  at.device.pump()
  expect(at.update()).toMatchObject({ failure: 'reverted-later' })
})

test("a third version is nobody's revert, and ends the watch", async () => {
  const at = await confirmed()
  runs(at.device, '3.0.0')
  at.device.register()
  runs(at.device, '1.0.0')
  at.device.register()
  expect(at.device.asked).toEqual(['/3/0/3'])
  expect(at.update()).toMatchObject({ state: 'confirmed' })
})

test('a way back that was asked for is no revert', async () => {
  const at = await confirmed()
  const { id } = at.update()
  const image = { ...at.image, version: '1.0.0' }
  await at.house.command({ command: 'firmware.start', endpoint: 'urn:dev:a', image })
  at.device.pump()
  runs(at.device, '1.0.0')
  at.device.register()
  expect(at.update()).toMatchObject({ version: '1.0.0', state: 'confirmed' })
  expect(at.house.store.update(id)).toMatchObject({ state: 'confirmed' })
  expect(lateReverts(at)).toEqual([])
})

test('a restart of the server forgets nobody who is watched', async () => {
  const at = await confirmed()
  at.house.restart()
  at.house.elapse(minutes(1))
  runs(at.device, '1.0.0')
  at.device.register()
  expect(at.update()).toMatchObject({ failure: 'reverted-later' })
})
