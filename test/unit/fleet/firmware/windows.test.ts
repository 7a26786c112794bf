/** Updates that may be installed within windows only: downloaded before, told to install when one opens. */
import { describe, expect, test } from 'vitest'
import { seconds } from '../../../../src/base/time.ts'
import { newUpdate, step, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import type { FirmwareUpdate } from '../../../../src/fleet/firmware/types.ts'
import { at, device, start } from '../fixtures.ts'
import { block, ended, image, registered, report, rules, wordsOf } from './fixtures.ts'

/** Inputs with the second at which each comes; what they asked of the device, where they asked something. */
function run(...inputs: readonly (readonly [second: number, input: FirmwareInput])[]) {
  const options = {
    installWithin: [
      { from: at(100), until: at(200) },
      { from: at(1000), until: at(1100) },
    ],
  }
  let update: FirmwareUpdate = newUpdate(1, device, { image, options }, start)
  const asked: string[] = []
  let deadline: number | undefined
  for (const [second, input] of inputs) {
    const { next, actions } = step(update, input, at(second), rules)
    update = next
    const words = wordsOf(actions)
    if (words !== '') asked.push(`${second}: ${words}`)
    for (const action of actions)
      if (action.action === 'ask' && action.draft.kind === 'execute') deadline = action.draft.deadline
  }
  return { update, asked, deadline }
}

const tick: FirmwareInput = { input: 'tick' }
const held = report({ state: 2, result: 0 })
const downloaded = [
  [0, registered('r1')],
  [1, report({ firmwareVersion: '1.0.0' })],
  [2, report({ state: 0, result: 0, protocols: [0, 1], delivery: 2 })],
  [3, ended('offer', 'acknowledged')],
  [4, block(0)],
  [5, block(1536)],
  [6, held],
] as const

describe('a device that has downloaded', () => {
  test('waits for its window, and is told within it, with its end as the deadline', () => {
    const waiting = run(...downloaded)
    expect(waiting.asked.at(-1)).toBe('5: read /5/0')
    expect(waiting.update).toMatchObject({
      state: 'downloaded',
      dueAt: at(100),
      reason: 'waits for its window to install',
    })
    const told = run(...downloaded, [100, tick])
    expect(told.asked.at(-1)).toBe('100: install')
    expect(told.deadline).toBe(at(200))
    expect(run(...downloaded, [100, tick], [101, ended('install', 'acknowledged')]).update.state).toBe('updating')
  })

  test('at the very end of its window is not told, and waits for the next', () => {
    const { asked, update } = run(...downloaded, [200, tick])
    expect([asked.at(-1), update.dueAt]).toEqual(['5: read /5/0', at(1000)])
  })

  test('within the window is told at once', () => {
    const { asked } = run(...downloaded.map(([second, input]) => [second + 110, input] as const))
    expect(asked.at(-1)).toBe('116: install')
  })

  test('is asked how it stands where the window closed before it answered, and waits for the next', () => {
    const { asked, update } = run(
      ...downloaded,
      [100, tick],
      [200, ended('install', 'expired')],
      [500, held],
      [1000, tick],
      [1001, held],
    )
    expect(asked.slice(-4)).toEqual(['100: install', '200: read /5/0', '1000: read /5/0', '1001: install'])
    expect(update).not.toHaveProperty('attempts')
  })

  test('waits on after a restart of its own', () => {
    const { asked, update } = run(...downloaded, [20, registered('r2')], [21, held])
    expect(asked.at(-1)).toBe('20: read /3/0/3, read /5/0')
    expect(update).toMatchObject({ state: 'downloaded', dueAt: at(100) })
  })

  test('has failed where no window is left', () => {
    const late = downloaded.map(([second, input]) => [second + 2000, input] as const)
    expect(run(...late).update).toMatchObject({ state: 'failed', failure: 'stalled' })
    expect(run(...late).update.reason).toBe('its window did not open again in time to install')
  })

  test('and defers the installation itself is not pressed', () => {
    const deferring = report({ state: 2, result: 11 })
    const { asked } = run(
      ...downloaded,
      [100, tick],
      [101, ended('install', 'acknowledged')],
      [102, deferring],
      [500, tick],
    )
    expect(asked.at(-1)).toBe('100: install')
    expect(seconds(400)).toBeLessThan(rules.stall)
  })
})
