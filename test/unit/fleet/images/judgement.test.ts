/** Whether an upload becomes an image. */
import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../../src/fleet/images/judgement.ts'
import type { Inspection } from '../../../../src/fleet/images/store.ts'
import type { Image, ImageDraft } from '../../../../src/fleet/images/types.ts'
import { imageOf } from './fixtures.ts'

type Mcuboot = Extract<Inspection, { format: 'mcuboot' }>
const found: Mcuboot = {
  format: 'mcuboot',
  version: '1.2.3+4',
  securityCounter: 7,
  dependencies: [],
  signature: { state: 'verified', key: 'release' },
}
const draft: ImageDraft = { product: 'meter' }

describe('an MCUboot image', () => {
  it.each<[string, ImageDraft, Partial<Mcuboot>, object]>([
    ['tells its version and counter itself', draft, {}, { version: '1.2.3+4', securityCounter: 7, format: 'mcuboot' }],
    ['may be called as the device calls it', { ...draft, version: '1.2.3' }, {}, { version: '1.2.3' }],
    ['may be called what is no such version', { ...draft, version: 'May' }, {}, { version: 'May' }],
    ['signed as no version takes any', { ...draft, version: '4.0.0' }, { version: '0.0.0' }, { version: '4.0.0' }],
    ['may have a higher counter than asked for', { ...draft, securityCounter: 5 }, {}, { securityCounter: 7 }],
    [
      'says what it needs',
      draft,
      { dependencies: [{ image: 1, version: '2.0.0' }] },
      { dependencies: [{ image: 1, version: '2.0.0' }] },
    ],
  ])('%s', (_what, said, more, expected) => {
    expect(findingsOf(said, { ...found, ...more }, true, [])).toMatchObject(expected)
  })

  it.each<[string, ImageDraft, Partial<Mcuboot>, string, string]>([
    ['of another version', { ...draft, version: '1.2.4' }, {}, 'image.version', 'version'],
    ['of another build', { ...draft, version: '1.2.3+5' }, {}, 'image.version', 'version'],
    ['signed as no version, and called none', draft, { version: '0.0.0' }, 'image.version', 'version'],
    ['with an older counter', { ...draft, securityCounter: 8 }, {}, 'image.security-counter', 'securityCounter'],
    ['not signed', draft, { signature: { state: 'unsigned' } }, 'image.signature', 'signature'],
    ['falsely signed', draft, { signature: { state: 'wrong', key: 'release' } }, 'image.signature', 'signature'],
    ['signed by a stranger', draft, { signature: { state: 'unchecked', reason: '' } }, 'image.signature', 'signature'],
  ])('%s is refused', (_what, said, more, code, field) => {
    const error = expect.objectContaining({ code, status: 422, members: { field } }) as Error
    expect(() => findingsOf(said, { ...found, ...more }, true, [])).toThrow(error)
  })

  it.each<[Mcuboot['signature'], object]>([
    [{ state: 'unsigned' }, { state: 'unsigned' }],
    [{ state: 'unchecked', reason: 'no key is registered' }, { state: 'unchecked' }],
  ])('%j is taken where no key is registered', (signature, expected) => {
    expect(findingsOf(draft, { ...found, signature }, false, []).signature).toEqual(expected)
  })
})

describe('any image', () => {
  it('that is damaged is refused with the member that is', () => {
    const error = expect.objectContaining({ code: 'image.damaged', members: { field: 'img_size' } }) as Error
    expect(() => findingsOf(draft, { format: 'damaged', field: 'img_size', reason: 'truncated' }, false, [])).toThrow(
      error,
    )
  })

  it('that does not tell its version needs one', () => {
    expect(() => findingsOf(draft, { format: 'opaque' }, true, [])).toThrow(/no MCUboot image/)
    expect(findingsOf({ ...draft, version: '1' }, { format: 'opaque' }, true, [])).toEqual({
      ...draft,
      version: '1',
      format: 'opaque',
    })
  })

  it.each<[string, readonly Image[], Partial<ImageDraft>, boolean]>([
    [
      'an older version with a higher counter',
      [imageOf('1.0.0', { securityCounter: 8 })],
      { securityCounter: 7 },
      false,
    ],
    [
      'an older version with the same counter',
      [imageOf('1.0.0', { securityCounter: 7 })],
      { securityCounter: 7 },
      true,
    ],
    ['a newer version with a higher counter', [imageOf('3.0.0', { securityCounter: 8 })], { securityCounter: 7 }, true],
    ['nothing said of the counter', [imageOf('1.0.0', { securityCounter: 8 })], {}, true],
    ['a version of another order', [imageOf('May', { securityCounter: 8 })], { securityCounter: 7 }, true],
  ])('beside %s', (_what, others, more, taken) => {
    const add = (): unknown => findingsOf({ ...draft, version: '2.0.0', ...more }, { format: 'opaque' }, false, others)
    if (taken) expect(add).not.toThrow()
    else expect(add).toThrow(/security counter 8/)
  })

  it('of MCUboot without a counter counts as 0', () => {
    const { securityCounter: _none, ...bare } = found
    expect(() => findingsOf(draft, bare, false, [imageOf('1.0.0', { securityCounter: 1 })])).toThrow(/refuses/)
  })
})
