/** Which images a device goes over to its target. */
import { describe, expect, it } from 'vitest'
import { planRoute, type RouteStart } from '../../../../src/fleet/images/route.ts'
import type { Delta, Image } from '../../../../src/fleet/images/types.ts'
import { deltaOf, imageOf } from './fixtures.ts'

const [v1, v2, v3] = [imageOf('1.0.0'), imageOf('2.0.0'), imageOf('3.0.0')]
const chained = imageOf('3.0.0', { fromVersions: '>=2.0.0' })

function wayTo(
  start: Partial<RouteStart>,
  target: Image,
  images: readonly Image[],
  deltas: readonly Delta[] = [],
): string {
  const route = planRoute({ product: 'meter', deltas: true, ...start }, target, images, deltas)
  if ('misfit' in route) return route.misfit.field
  return route.steps.map(({ image, artifact }) => `${image.version} ${artifact.kind} ${artifact.size}`).join(', ')
}

describe('a route', () => {
  it.each<[string, Partial<RouteStart>, Image, readonly Image[], readonly Delta[], string]>([
    ['is one image where nothing is in the way', { version: '1.0.0' }, v3, [v1, v2, v3], [], '3.0.0 full 100000'],
    ['is one image where the device tells nothing', {}, v3, [v1, v2, v3], [], '3.0.0 full 100000'],
    ['is none where the device is there', { version: '3.0.0' }, v3, [v1, v2, v3], [], ''],
    ['is none where the hash says so', { sha256: v3.sha256 }, v3, [v1, v2, v3], [], ''],
    ['is a delta', { version: '1.0.0' }, v3, [v1, v2, v3], [deltaOf(v1, v3, 9000)], '3.0.0 delta 9000'],
    [
      'takes no delta the device cannot apply',
      { version: '1.0.0', deltas: false },
      v3,
      [v1, v3],
      [deltaOf(v1, v3, 9000)],
      '3.0.0 full 100000',
    ],
    [
      'takes no delta of another start',
      { version: '1.0.0' },
      v3,
      [v1, v2, v3],
      [deltaOf(v2, v3, 9000)],
      '3.0.0 full 100000',
    ],
    [
      'takes no delta larger than the image',
      { version: '1.0.0' },
      v3,
      [v1, v3],
      [deltaOf(v1, v3, 200_000)],
      '3.0.0 full 100000',
    ],
    [
      'takes no delta as large as the image',
      { version: '1.0.0' },
      v3,
      [v1, v3],
      [deltaOf(v1, v3, 100_000)],
      '3.0.0 full 100000',
    ],
    [
      'goes over another image where that saves an octet more than one more installation is worth',
      { version: '1.0.0' },
      v3,
      [v1, v2, v3],
      [deltaOf(v1, v2, 17_000), deltaOf(v2, v3, 17_463)],
      '2.0.0 delta 17000, 3.0.0 delta 17463',
    ],
    [
      'goes straight where it saves no more than that',
      { version: '1.0.0' },
      v3,
      [v1, v2, v3],
      [deltaOf(v1, v2, 17_000), deltaOf(v2, v3, 17_464)],
      '3.0.0 full 100000',
    ],
    [
      'goes over what the target asks for',
      { version: '1.0.0' },
      chained,
      [v1, v2, chained],
      [],
      '2.0.0 full 100000, 3.0.0 full 100000',
    ],
    [
      'chains deltas, the full image where one is missing',
      { version: '1.0.0' },
      chained,
      [v1, v2, chained],
      [deltaOf(v1, v2, 9000)],
      '2.0.0 delta 9000, 3.0.0 full 100000',
    ],
    [
      'does not go past the target',
      { version: '1.0.0' },
      imageOf('1.5.0', { fromVersions: '>=2.0.0' }),
      [v1, v2],
      [],
      'fromVersions',
    ],
    [
      'is refused by the security counter',
      { version: '1.0.0', securityCounter: 3 },
      imageOf('2.0.0', { securityCounter: 2 }),
      [],
      [],
      'securityCounter',
    ],
    [
      'knows the counter of what runs',
      { version: '1.0.0' },
      imageOf('2.0.0', { securityCounter: 2 }),
      [imageOf('1.0.0', { securityCounter: 3 })],
      [],
      'securityCounter',
    ],
    [
      'is refused by the hardware at every step',
      { version: '1.0.0', hardware: 'A' },
      chained,
      [v1, imageOf('2.0.0', { hardware: ['B'] })],
      [],
      'fromVersions',
    ],
  ])('%s', (_what, start, target, images, deltas, expected) => {
    expect(wayTo(start, target, images, deltas)).toBe(expected)
  })

  it('takes two deltas where they and a reboot more cost less than the whole image', () => {
    const [a, b, c] = ['1.0.0', '2.0.0', '3.0.0'].map((version) => imageOf(version, { size: 1_000_000 }))
    const deltas = [deltaOf(a!, b!, 50_000), deltaOf(b!, c!, 50_000)]
    expect(wayTo({ version: '1.0.0' }, c!, [a!, b!, c!], deltas)).toBe('2.0.0 delta 50000, 3.0.0 delta 50000')
    expect(wayTo({ version: '1.0.0', deltas: false }, c!, [a!, b!, c!], deltas)).toBe('3.0.0 full 1000000')
  })
})
