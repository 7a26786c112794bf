import { expect, test } from 'vitest'
import { wantAgain } from '../../../../src/fleet/observations/rules.ts'
import type { Observation } from '../../../../src/fleet/observations/types.ts'
import { at, observation } from '../fixtures.ts'

test('after a registration every intent is wanted again, each under a fresh token', () => {
  const established: Observation = { ...observation, state: 'established', lastSequence: 9, lastNotification: at(1) }
  const refused: Observation = { ...observation, path: '/3/0/1', state: 'refused', reason: '4.05' }
  const tokens = ['01', '02', '03']
  const [first, second, third] = wantAgain([observation, established, refused], () => tokens.shift()!)
  expect(first).toEqual({ ...observation, token: '01' })
  expect(second).toEqual({ ...observation, token: '02', lastNotification: at(1) })
  expect(third).toEqual({ ...observation, token: '03', path: '/3/0/1' })
})
