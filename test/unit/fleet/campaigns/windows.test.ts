/** Maintenance windows: in a time zone over its clock changes, over midnight, and by a device's own clock. */
import { describe, expect, it } from 'vitest'
import { hours, instantOf } from '../../../../src/base/time.ts'
import { windowAt } from '../../../../src/fleet/campaigns/windows.ts'

const at = (iso: string) => instantOf(Date.parse(iso))
const nightly = { cron: '0 22 * * 1-5', length: hours(6), zone: 'Europe/Berlin' }

describe('a window in a time zone', () => {
  it.each([
    ['2026-11-20T20:59:00Z', false, '2026-11-20T21:00:00.000Z'],
    ['2026-11-20T21:00:00Z', true, '2026-11-21T03:00:00.000Z'],
    ['2026-11-21T02:59:59Z', true, '2026-11-21T03:00:00.000Z'],
    ['2026-11-21T03:00:00Z', false, '2026-11-23T21:00:00.000Z'],
    // Summer time ends: it opens an hour later by UTC.
    ['2026-10-23T20:30:00Z', true, '2026-10-24T02:00:00.000Z'],
    ['2026-10-26T20:30:00Z', false, '2026-10-26T21:00:00.000Z'],
  ])('at %s is open: %s, until %s', (now, open, until) => {
    expect(windowAt(nightly, at(now))).toEqual({ open, until: Date.parse(until) })
  })
})

describe('a window by the clock of the device', () => {
  const window = { cron: '0 1 * * *', length: hours(4), zone: 'device' }
  it.each([
    [{ offset: '+02:00' }, true],
    [{ offset: '-0500' }, false],
    [{ zone: 'Asia/Tokyo' }, false],
    [{ zone: 'Europe/Athens', offset: '-05:00' }, true],
    [{ zone: 'Middle/Earth', offset: '+02' }, true],
    [{ zone: 'nonsense', offset: 'nonsense' }, false],
    [{}, false],
  ])('%j at 23:30 UTC is open: %s', (clock, open) => {
    expect(windowAt(window, at('2026-11-20T23:30:00Z'), clock).open).toBe(open)
  })
})
