import { expect, test } from 'vitest'
import { wantAgain } from '../../../../src/fleet/observations/rules.ts'
import type { Observation } from '../../../../src/fleet/observations/types.ts'
import { at, observation } from '../fixtures.ts'

test('after a registration every intent is wanted again, under its own token', () => {
  const established: Observation = { ...observation, state: 'established', lastSequence: 9, lastNotification: at(1) }
  const refused: Observation = { ...observation, path: '/3/0/1', state: 'refused', reason: '4.05' }
  const [first, second, third] = wantAgain([observation, established, refused])
  expect(first).toBe(observation)
  expect(second).toEqual({ ...observation, lastNotification: at(1) })
  expect(third).toEqual({ ...observation, path: '/3/0/1' })
})
