/** How long a confirmed device is watched for its old version. */
import { expect, it } from 'vitest'
import { isOutlived, watchAfter } from '../../../../src/fleet/firmware/late-revert.ts'
import { seconds } from '../../../../src/base/time.ts'
import { at } from '../fixtures.ts'
import { updates } from './fixtures.ts'

const watch = watchAfter(updates.confirmed, at(0), seconds(100))!

it.each([
  [99, undefined, false],
  [100, undefined, true],
  [1, '2.0.0', false],
  [1, '1.0.0', false],
  [1, '3.0.0', true],
])('after %i seconds, running %s: over %s', (second, running, isOver) => {
  expect(isOutlived(watch, at(second), running)).toBe(isOver)
})
