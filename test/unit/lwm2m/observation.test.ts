/** Which attributes are in force, and how far they have drifted. */
import { expect, it } from 'vitest'
import { attributeDrift, effectiveAttributes } from '../../../src/lwm2m/observation.ts'
import type { DiscoveredPath } from '../../../src/lwm2m/payload/discover.ts'

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
