/** What an actor counts by itself while a device fetches its image, and what its planners see of that. */
import { expect, test } from 'vitest'
import { defaultSettings } from '../../../src/config/tunables.ts'
import { Actor } from '../../../src/engine/actor.ts'
import { stateOf } from '../../../src/engine/state.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import { profileRulesOf } from '../../../src/fleet/registry/profile-choice.ts'
import { at, device, registration } from '../fleet/fixtures.ts'
import { updates } from '../fleet/firmware/fixtures.ts'

const size = 51_200
const begun: FirmwareUpdate = { ...updates.downloading, size, fetched: 512, changedAt: at(0) }
const block = (number: number, of: { blockSize?: number; size?: number } = {}) => ({
  offset: 512 * number,
  length: 512,
  size,
  blockSize: 512,
  ...of,
})

function actorOf(update: FirmwareUpdate | undefined): Actor {
  const snapshot = {
    device,
    registration,
    configurationObservers: [],
    operations: [],
    observations: [],
    ...(update && { update }),
  }
  return new Actor(stateOf(device.endpoint, snapshot), profileRulesOf(defaultSettings))
}

test('the next blocks of a download are counted, and the state tells how far it came', () => {
  const actor = actorOf(begun)
  expect([1, 2, 3, 4].map((number) => actor.takesBlock(at(number), block(number)))).toEqual([true, true, true, true])
  expect(actor.state.update).toEqual({ ...begun, fetched: 2560, changedAt: at(4) })
  expect(actor.takesBlock(at(5), block(5))).toBe(true)
  expect(actor.state.update?.fetched).toBe(3072)
})

test('a state that was planned replaces what was counted', () => {
  const actor = actorOf(begun)
  actor.takesBlock(at(1), block(1))
  const { state } = actor
  actor.state = { ...state, update: { ...begun, fetched: 0 } }
  expect(actor.state.update?.fetched).toBe(0)
})

test.each([
  ['where nothing is fetched', undefined, block(1), 1],
  ['that was had already', begun, block(0), 1],
  ['beyond a gap', begun, block(3), 1],
  ['of another size', begun, block(1, { blockSize: 256 }), 1],
  ['that ends the image', begun, block(1, { size: 1024 }), 1],
  ['that completes a tenth', { ...begun, fetched: 4608 }, block(9), 1],
  ['after a pause', begun, block(1), 61],
  ['after another registration', { ...begun, registration: 'r2' }, block(1), 1],
  ['of a push', { ...begun, delivery: 'push' as const }, block(1), 1],
])('a block %s is for a plan', (_what, update, next, second) => {
  const actor = actorOf(update)
  expect(actor.takesBlock(at(second), next)).toBe(false)
  expect(actor.state.update).toBe(update)
})
