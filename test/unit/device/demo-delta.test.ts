/** Deltas of the virtual device: what they make, and what of another base or of damage is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyDemoDelta, isDemoDelta, makeDemoDelta } from '../../../src/device/firmware/demo-delta.ts'
import { demoImage } from '../../../src/device/firmware/demo-image.ts'
import { inspectImage } from '../../../src/device/firmware/image.ts'

const base = demoImage('1.0.0')!
const image = demoImage('1.1.0')!
const delta = makeDemoDelta(base, image)

describe('a delta', () => {
  it('between two demo images makes the one out of the other, in a fifth of its octets', () => {
    const patched = applyDemoDelta(base, delta)
    expect(patched.ok && patched.image.equals(image)).toBe(true)
    expect(patched.ok && inspectImage(patched.image)).toEqual({ ok: true, version: '1.1.0' })
    expect(delta.length).toBeLessThan(image.length / 5)
  })

  it('makes any octets out of any others', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.constantFrom(0, 1), { maxLength: 64 }).map((few) => Uint8Array.from(few)),
    )
    fc.assert(
      fc.property(octets, octets, (a, b) => {
        const [from, to] = [Buffer.from(a), Buffer.from(b)]
        expect(applyDemoDelta(from, makeDemoDelta(from, to))).toEqual({ ok: true, image: to })
      }),
    )
  })

  it('cut short anywhere is refused and never thrown over', () => {
    for (let length = 8; length < delta.length; length += 7) {
      expect(isDemoDelta(delta.subarray(0, length))).toBe(true)
      expect(applyDemoDelta(base, delta.subarray(0, length))).toMatchObject({ ok: false, result: 5 })
    }
  })

  it.each<[string, Buffer | undefined, (octets: Buffer) => void, number]>([
    ['of another base', image, () => undefined, 5],
    ['where nothing is known to run', undefined, () => undefined, 5],
    ['that keeps more than there is', base, (octets) => octets.writeUInt32LE(base.length + 1, 72), 5],
    ['that makes more than a slot holds', base, (octets) => octets.writeUInt32LE(0xffff_ffff, 76), 2],
    ['with an octet changed', base, (octets) => octets.writeUInt8(octets[90]! ^ 1, 90), 5],
  ])('%s is refused', (_name, running, damage, result) => {
    const octets = Buffer.from(delta)
    damage(octets)
    expect(applyDemoDelta(running, octets)).toMatchObject({ ok: false, result })
  })
})
