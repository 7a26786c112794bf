/** Octets that campaigns ask for: looked for once, waited for in the open, believed for a while. */
import { expect, test, vi } from 'vitest'
import { EnvironmentError } from '../../../src/base/errors.ts'
import { after, instantOf, seconds } from '../../../src/base/time.ts'
import { octetsAtHand } from '../../../src/server/octets-at-hand.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'
import { imageOf } from '../../support/campaign-fleet.ts'

function world(answer: () => Promise<boolean>) {
  const store = new MemoryStore()
  const image = imageOf('1.1.0')
  store.commit([{ op: 'image.put', image }])
  const ready = vi.fn<(sha256: string) => Promise<boolean>>(answer)
  let now = instantOf(1e12)
  const at = octetsAtHand({ store, files: { ready }, now: () => now })
  return {
    ready,
    ask: () => at(image.sha256),
    pass: async (time: number) => {
      now = after(now, seconds(time))
      await Promise.resolve()
      await Promise.resolve()
    },
  }
}

test('what is there is at hand a moment after the first question, and looked for again after a while', async () => {
  const { ask, pass, ready } = world(async () => true)
  expect(ask()).toEqual({ atHand: false })
  await pass(1)
  expect(ask()).toEqual({ atHand: true })
  await pass(29)
  ask()
  expect(ready).toHaveBeenCalledOnce()
  await pass(2)
  expect(ask()).toEqual({ atHand: true })
  expect(ready).toHaveBeenCalledTimes(2)
})

test('a fetch that takes long is told', async () => {
  const { ask, pass } = world(() => new Promise(() => undefined))
  ask()
  await pass(3)
  expect(ask().obstacle).toBe('the image of meter 1.1.0 is being fetched from where it is kept')
})

test.each<[string, () => Promise<boolean>, string]>([
  [
    'the bucket is away',
    () => Promise.reject(new EnvironmentError('images.bucket', 'no answer', { retriable: true })),
    'cannot be fetched: no answer',
  ],
  ['the octets are gone', async () => false, 'is gone or damaged: add the same file again'],
])('where %s it is told why, and tried again', async (_what, answer, why) => {
  const { ask, pass, ready } = world(answer)
  ask()
  await pass(1)
  expect(ask()).toEqual({ atHand: false, obstacle: `the image of meter 1.1.0 ${why}` })
  await pass(31)
  expect(ask().atHand).toBe(false)
  expect(ready).toHaveBeenCalledTimes(2)
})
