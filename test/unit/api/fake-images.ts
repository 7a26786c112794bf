/** Images in memory, for tests of what stands in front of them: whatever is uploaded is kept as it is. */
import { createHash } from 'node:crypto'
import { demandImage } from '../../../src/fleet/images/revision.ts'
import type { Services } from '../../../src/api/services.ts'
import { UsageError } from '../../../src/base/errors.ts'
import type { Instant } from '../../../src/base/time.ts'
import { DeltasService } from '../../../src/fleet/deltas/service.ts'
import { imageKeyOf, type Image } from '../../../src/fleet/images/types.ts'
import type { SigningKeysOp } from '../../../src/fleet/signing-keys/store.ts'
import { SigningKeysService } from '../../../src/fleet/signing-keys/service.ts'
import { imageInspector } from '../../../src/server/image-inspector.ts'
import { MemoryImages } from '../../../src/sim/memory-images.ts'

export function imagesKeptIn(kept: Image[], now: () => Instant, mayFail: () => void): Services['images'] {
  const image = (reference: string): Image => {
    const found = kept.find(({ sha256, key, version }) => [sha256, key, version].includes(reference))
    if (found) return found
    throw new UsageError('image.unknown', `there is no image '${reference}'`, { status: 404 })
  }
  return {
    add: async (about, chunks) => {
      mayFail()
      const hash = createHash('sha256')
      let size = 0
      for await (const chunk of chunks) {
        hash.update(chunk)
        size += chunk.length
      }
      const sha256 = hash.digest('hex')
      const known = kept.find((one) => one.sha256 === sha256)
      if (known) return { image: known, isNew: false }
      const { version = '1.0.0' } = about
      const added = {
        ...about,
        sha256,
        key: imageKeyOf(sha256),
        size,
        version,
        addedAt: now(),
        format: 'opaque' as const,
      }
      kept.push(added)
      return { image: added, isNew: true }
    },
    list: (product) => kept.filter((one) => product === undefined || one.product === product),
    image,
    setNotes: async (reference, notes, precondition) => {
      demandImage(precondition, image(reference))
      return Object.assign(image(reference), { notes })
    },
    remove: async (reference) => void kept.splice(kept.indexOf(image(reference)), 1),
    verify: async (reference) => ({ image: image(reference), intact: true }),
  }
}

/** The real one: it needs no engine, only a place to write. */
export function signingKeysOver(now: () => Instant): SigningKeysService {
  const rows = new MemoryImages()
  const commands = {
    commitNow: (ops: readonly SigningKeysOp[]) => ops.forEach((op) => rows.applyToImages(op)),
  }
  return new SigningKeysService({ store: rows, commands, reader: imageInspector, now })
}

/** The real one too; the command that makes deltas writes what it was asked. */
export function deltasOver(images: Services['images'], now: () => Instant): DeltasService {
  const rows = new MemoryImages()
  return new DeltasService({
    store: rows,
    files: {
      add: async (chunks, _limit, accept) => {
        const pieces: Uint8Array[] = []
        for await (const chunk of chunks) pieces.push(chunk)
        const octets = Buffer.concat(pieces)
        await accept({ size: octets.length })
        return { sha256: createHash('sha256').update(octets).digest('hex'), size: octets.length }
      },
      remove: async () => undefined,
    },
    maker: {
      command: 'make {from} {to} {out}',
      make: (from, to, keep) => keep(ReadableStream.from([Buffer.from(`${from.version}>${to.version}`)])),
    },
    images: { image: (reference) => images.image(reference), keeps: () => false, hold: () => () => undefined },
    commands: { commitNow: (ops) => ops.forEach((op) => rows.applyToImages(op)) },
    now,
    settings: { 'firmware.image-limit': 1000 },
    usesOf: () => [],
  })
}
