/** What may be said of an image, and what it fits. */
import { describe, expect, it } from 'vitest'
import { compareVersions, misfitOf, validateAbout } from '../../../../src/fleet/images/rules.ts'
import type { Image, ImageAbout, ImageTarget } from '../../../../src/fleet/images/types.ts'
import { imageOf } from './fixtures.ts'

describe('what an operator says', () => {
  const about: ImageAbout = { product: 'meter', version: '1.1.0' }

  it.each<[Partial<ImageAbout>, string, string]>([
    [{ product: '' }, 'image.product', 'product'],
    [{ product: 'a\nb' }, 'image.product', 'product'],
    [{ version: ' 1.1' }, 'image.version', 'version'],
    [{ version: 'x'.repeat(256) }, 'image.version', 'version'],
    [{ notes: 'x'.repeat(16_385) }, 'image.notes', 'notes'],
    [{ fromVersions: 'any of them' }, 'image.from-versions', 'fromVersions'],
    [{ fromVersions: '' }, 'image.from-versions', 'fromVersions'],
    [{ hardware: [''] }, 'image.hardware', 'hardware'],
    [{ hardware: Array.from({ length: 33 }, String) }, 'image.hardware', 'hardware'],
    [{ securityCounter: -1 }, 'image.security-counter', 'securityCounter'],
    [{ securityCounter: 1.5 }, 'image.security-counter', 'securityCounter'],
    [{ securityCounter: 2 ** 32 }, 'image.security-counter', 'securityCounter'],
  ])('%j is refused with %s', (wrong, code, field) => {
    const error = expect.objectContaining({ code, status: 422, members: { field } }) as Error
    expect(() => validateAbout({ ...about, ...wrong })).toThrow(error)
  })

  it.each<Partial<ImageAbout>>([
    {},
    { version: 'release of May, third try' },
    { fromVersions: '>=1.0.0 <2.0.0' },
    { fromVersions: '1.0.0 || 1.0.1' },
    { fromVersions: 'v1.0' },
    { hardware: ['rev B'], securityCounter: 0 },
  ])('%j is taken', (right) => expect(() => validateAbout({ ...about, ...right })).not.toThrow())
})

describe('the order of versions', () => {
  it.each<[string, string, number | undefined]>([
    ['1.0.0', '1.0.0', 0],
    ['1.0.0', '1.0.1', -1],
    ['1.10.0', '1.9.0', 1],
    ['v1.2.3', '1.2.3', 0],
    ['1.2.3+4', '1.2.3+12', -1],
    ['1.2.3-rc1', '1.2.3', -1],
    ['release 7', 'release 7', 0],
    ['release 7', '1.0.0', undefined],
  ])('%s to %s is %s', (a, b, expected) => expect(compareVersions(a, b)).toBe(expected))
})

describe('an image', () => {
  const bound = { fromVersions: '>=1.0.0 <1.2.0', hardware: ['B', 'C'], securityCounter: 4 }

  it.each<[ImageTarget, Partial<Image>, string | undefined]>([
    [{}, bound, undefined],
    [{ product: 'meter', version: '1.1.9', hardware: 'C', securityCounter: 4 }, bound, undefined],
    [{ product: 'valve' }, {}, 'product'],
    [{ hardware: 'A' }, bound, 'hardware'],
    [{ version: '1.2.0' }, bound, 'fromVersions'],
    [{ version: '1.1.0-rc1' }, bound, undefined],
    [{ version: 'release 7' }, bound, 'fromVersions'],
    [{ version: '1.0.1' }, { fromVersions: '1.0.0 || 1.0.1' }, undefined],
    [{ securityCounter: 5 }, bound, 'securityCounter'],
    [{ securityCounter: 5 }, {}, undefined],
  ])('for %j with %j: %s', (target, more, field) => {
    expect(misfitOf(imageOf('1.2.0', more), target)?.field).toBe(field)
  })
})
