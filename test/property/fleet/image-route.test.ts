/** The planned route against every route there is: it is allowed step by step, and none is cheaper. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRoute, stepCost, type RouteStep } from '../../../src/fleet/images/route.ts'
import { compareVersions, misfitOf } from '../../../src/fleet/images/rules.ts'
import type { Delta, Image } from '../../../src/fleet/images/types.ts'
import { deltaOf, imageOf } from '../../unit/fleet/images/fixtures.ts'

const versions = ['1.0.0', '1.1.0', '1.2.0', '2.0.0', '2.1.0']
const someImage = (version: string): fc.Arbitrary<Image> =>
  fc
    .record({
      fromVersions: fc.constantFrom(undefined, '<=1.1.0', '>=1.2.0', '1.2.0 || 2.0.0', '>=2.0.0'),
      securityCounter: fc.constantFrom(undefined, 1, 2, 3),
      size: fc.integer({ min: 1, max: 400_000 }),
    })
    .map(({ fromVersions, securityCounter, size }) =>
      imageOf(version, {
        size,
        ...(fromVersions !== undefined && { fromVersions }),
        ...(securityCounter !== undefined && { securityCounter }),
      }),
    )

const worlds = fc.tuple(...versions.map(someImage)).chain((images) =>
  fc.record({
    images: fc.constant(images),
    start: fc.constantFrom(...images),
    target: fc.constantFrom(...images),
    deltas: fc.array(
      fc
        .tuple(fc.constantFrom(...images), fc.constantFrom(...images), fc.integer({ min: 1, max: 200_000 }))
        .map(([from, to, size]) => deltaOf(from, to, size)),
      { maxLength: 8 },
    ),
  }),
)

const sizeOf = (image: Image, over: Image, deltas: readonly Delta[]): number =>
  Math.min(image.size, deltas.find(({ from, to }) => from === over.sha256 && to === image.sha256)?.size ?? image.size)

function allowed(image: Image, over: Image, counter: number | undefined): boolean {
  const { product, version } = over
  return misfitOf(image, { product, version, ...(counter !== undefined && { securityCounter: counter }) }) === undefined
}

function cheapest(
  over: Image,
  target: Image,
  images: readonly Image[],
  deltas: readonly Delta[],
  counter = over.securityCounter,
): number {
  if (over === target) return 0
  let best = Infinity
  for (const image of images) {
    const rest = images.filter((one) => one !== image)
    const forth = compareVersions(over.version, image.version)! * compareVersions(image.version, target.version)!
    if (image === over || (image !== target && forth <= 0) || !allowed(image, over, counter)) continue
    const after = cheapest(image, target, rest, deltas, image.securityCounter ?? counter)
    best = Math.min(best, sizeOf(image, over, deltas) + stepCost + after)
  }
  return best
}

test('a route is allowed at every step, ends at the target, and no other is cheaper', () => {
  fc.assert(
    fc.property(worlds, ({ images, start, target, deltas }) => {
      const { version, product } = start
      const route = planRoute({ version, product, deltas: true }, target, images, deltas)
      const best = cheapest(start, target, images, deltas)
      if ('misfit' in route) {
        expect(best).toBe(Infinity)
        return
      }
      let over = start
      let counter = start.securityCounter
      for (const { image } of route.steps) {
        expect(allowed(image, over, counter)).toBe(true)
        over = image
        counter = image.securityCounter ?? counter
      }
      expect(over.sha256).toBe(target.sha256)
      const cost = (steps: readonly RouteStep[]): number =>
        steps.reduce((sum, { artifact }) => sum + artifact.size + stepCost, 0)
      expect(cost(route.steps)).toBe(best)
    }),
  )
})
