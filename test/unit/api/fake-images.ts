/** Images in memory, for tests of what stands in front of them: whatever is uploaded is kept as it is. */
import { createHash } from 'node:crypto'
import type { Services } from '../../../src/api/services.ts'
import { UsageError } from '../../../src/base/errors.ts'
import type { Instant } from '../../../src/base/time.ts'
import type { Image } from '../../../src/fleet/images/types.ts'

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
      const added = { sha256, key: sha256.slice(0, 12), size, ...about, addedAt: now(), format: 'opaque' as const }
      if (!kept.some((one) => one.sha256 === sha256)) kept.push(added)
      return added
    },
    list: (product) => kept.filter((one) => product === undefined || one.product === product),
    image,
    remove: async (reference) => void kept.splice(kept.indexOf(image(reference)), 1),
    verify: async (reference) => ({ image: image(reference), intact: true }),
  }
}
