/** The health window: how long, how often heard, still registered, and never back to the old version. */
import { describe, expect, test } from 'vitest'
import { minutes } from '../../../../src/base/time.ts'
import { step, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import type { FirmwareUpdate } from '../../../../src/fleet/firmware/types.ts'
import { at } from '../fixtures.ts'
import { registered, report, rules, updates } from './fixtures.ts'

const gated = { ...rules, health: { window: minutes(10), uplinks: 2 } }
const current = report({ firmwareVersion: '2.0.0' })
const heard: FirmwareInput = { input: 'heard' }
const tick: FirmwareInput = { input: 'tick' }

/** Inputs at their seconds. */
function run(inputs: readonly (readonly [second: number, input: FirmwareInput])[], around = gated): FirmwareUpdate {
  return inputs.reduce((update, [second, input]) => step(update, input, at(second), around).next, updates.updating)
}

const seen = [[60, registered('r2')], [61, current]] as const // prettier-ignore

test('the new version after a fresh registration opens it', () => {
  expect(run(seen)).toMatchObject({ state: 'proving', provingSince: at(61), uplinks: 0, dueAt: at(661) })
})

describe('it is confirmed', () => {
  test('at the end of the window, heard often enough', () => {
    const update = run([...seen, [100, heard], [200, heard], [661, tick]])
    expect(update).toMatchObject({ state: 'confirmed', uplinks: 2, finishedAt: at(661) })
    expect(update).not.toHaveProperty('reason')
  })

  test('with the message that was missing, after the window', () => {
    const waiting = run([...seen, [100, heard], [661, tick]])
    expect(waiting).toMatchObject({ state: 'proving', reason: '1 of 2 messages heard' })
    expect(step(waiting, heard, at(9000), gated).next.state).toBe('confirmed')
  })

  test('at once where nothing is asked for', () => {
    expect(run(seen, rules).state).toBe('confirmed')
  })

  test('by the gate of the update rather than the usual one', () => {
    const own: FirmwareUpdate = { ...updates.updating, options: { health: { uplinks: 0 } } }
    const proving = seen.reduce((update, [second, input]) => step(update, input, at(second), gated).next, own)
    expect(step(proving, tick, at(661), gated).next.state).toBe('confirmed')
  })
})

describe('it is not', () => {
  test('before the window is over, however often heard', () => {
    expect(run([...seen, [62, heard], [63, heard], [64, heard], [600, tick]]).state).toBe('proving')
  })

  test('where it went back to the old version', () => {
    const update = run([...seen, [90, registered('r3')], [91, report({ firmwareVersion: '1.0.0' })]])
    expect(update).toMatchObject({ state: 'failed', failure: 'reverted' })
    expect(update.reason).toBe('reverted: the device went back to 1.0.0 after it had run 2.0.0')
  })

  test('while it has registered again and not told its version', () => {
    const quiet = run([...seen, [90, registered('r3')], [91, heard], [92, heard], [661, tick]])
    expect(quiet.state).toBe('proving')
    expect(step(quiet, current, at(700), gated).next.state).toBe('confirmed')
  })

  test('where it is not registered any more, and waited for in vain', () => {
    const around = { ...gated, isRegistered: false }
    const update = run([...seen, [62, heard], [63, heard], [661, tick]], around)
    expect(update).toMatchObject({ state: 'proving', reason: 'the device is not registered any more' })
    const end = step(update, tick, update.dueAt!, around).next
    expect(end).toMatchObject({ state: 'failed', failure: 'unhealthy' })
    expect(end.reason).toContain('did not stand its health window: the device is not registered any more')
  })

  test('taken back by a Cancel', () => {
    expect(run([...seen, [70, { input: 'cancel' }]]).state).toBe('proving')
  })
})
