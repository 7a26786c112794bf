/** What a notification means for the intent behind it, and how far attributes have drifted. */
import { describe, expect, it } from 'vitest'
import { after, instantOf, seconds } from '../../../src/base/time.ts'
import { codeOf } from '../../../src/coap/codes.ts'
import {
  attributeDrift,
  effectiveAttributes,
  isSilent,
  meaningOf,
  type NotificationMeaning,
} from '../../../src/lwm2m/observation.ts'
import type { DiscoveredPath } from '../../../src/lwm2m/payload/discover.ts'

const start = instantOf(1_780_000_000_000)
const content = codeOf(2, 5)

describe('a notification', () => {
  it.each<[sequence: number, last: number, waited: number, meaning: NotificationMeaning['meaning']]>([
    [1, 0, 1, 'current'],
    [5, 5, 1, 'overtaken'],
    [4, 5, 1, 'overtaken'],
    [4, 5, 129, 'current'],
    [0, 2 ** 24 - 1, 1, 'current'],
    [2 ** 23 + 1, 0, 1, 'overtaken'],
  ])('with sequence %i after %i, %i s later, is %s', (sequence, last, waited, meaning) => {
    const now = after(start, seconds(waited))
    expect(meaningOf({ code: content, sequence }, { sequence: last, at: start }, now).meaning).toBe(meaning)
  })

  it('is current when it is the first', () => {
    expect(meaningOf({ code: content, sequence: 9 }, undefined, start)).toEqual({ meaning: 'current' })
  })

  it.each<[code: number, sequence: number | undefined, reason: string]>([
    [codeOf(4, 4), 3, 'the device ended the observation with 4.04'],
    [codeOf(5, 0), undefined, 'the device ended the observation with 5.00'],
    [content, undefined, 'the device answered without Observe: it sends no notifications of this'],
  ])('with code %i and sequence %s ends the observation', (code, sequence, reason) => {
    expect(meaningOf({ code, sequence }, undefined, start)).toEqual({ meaning: 'ended', reason })
  })
})

it.each([
  [{ pmax: 60 }, 61, false],
  [{ pmax: 60 }, 71, true],
  [{ pmax: 0 }, 1000, false],
  [{ pmax: null }, 1000, false],
  [{}, 1000, false],
])('with %j a device that was quiet for %i s is silent: %s', (attributes, quiet, silent) => {
  expect(isSilent(attributes, start, after(start, seconds(quiet)), seconds(10))).toBe(silent)
})

const discovered: readonly DiscoveredPath[] = [
  { path: [3303, 0, 5700], attributes: { gt: '30', pmin: '5' } },
  { path: [3303], attributes: { ver: '1.1', pmin: '1', pmax: '60' } },
  { path: [3303, 0], attributes: { pmax: '120' } },
  { path: [3303, 1], attributes: { pmin: '99' } },
]

it('attributes are inherited from object to instance to resource', () => {
  expect(effectiveAttributes([3303, 0, 5700], discovered)).toEqual({ pmin: 5, pmax: 120, gt: 30 })
  expect(effectiveAttributes([3303, 1, 5700], discovered)).toEqual({ pmin: 99, pmax: 60 })
})

it('drift is what was asked for and is not so', () => {
  expect(attributeDrift({ pmin: 10, pmax: null, gt: 30 }, { pmin: 5, pmax: 120, gt: 30, lt: 1 })).toEqual([
    { name: 'pmin', wanted: 10, actual: 5 },
    { name: 'pmax', wanted: null, actual: 120 },
  ])
})
