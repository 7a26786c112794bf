/** Reading MCUboot images is total: any octets give a header, a trailer or a fault with its field. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readHeader, readTrailer, trailerOffset, type McubootHeader } from '../../../src/fleet/images/mcuboot.ts'

const magic = [0x3d, 0xb8, 0xf3, 0x96]

test('a header is read from any octets', () => {
  const head = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(...magic, ...rest)),
  )
  fc.assert(
    fc.property(head, fc.nat(), (octets, size) => {
      const header = readHeader(octets, size)
      if (header === undefined || 'field' in header) return
      expect(trailerOffset(header) + header.protectedSize).toBeLessThan(size)
    }),
  )
})

test('a trailer is read from any octets', () => {
  const area = fc
    .tuple(fc.constantFrom(0x08, 0x07), fc.uint8Array({ maxLength: 80 }))
    .map(([kind, rest]) => Uint8Array.of(kind, 0x69, rest.length + 4, 0, ...rest))
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    area,
    fc.tuple(area, area).map(([a, b]) => Uint8Array.of(...a, ...b)),
  )
  const header: McubootHeader = {
    headerSize: 32,
    imageSize: 0,
    protectedSize: 0,
    encrypted: false,
    version: { major: 1, minor: 0, revision: 0, build: 0 },
  }
  fc.assert(
    fc.property(octets, fc.constantFrom(0, 8, 44), (bytes, protectedSize) => {
      const trailer = readTrailer(bytes, { ...header, protectedSize })
      if ('field' in trailer) expect(trailer.reason).not.toBe('')
      else expect(trailer.isPure || trailer.hash !== undefined).toBe(true)
    }),
  )
})
