/**
 * Firmware images for the API: a row each, their octets in files. An image belongs to no device, so it is
 * committed directly.
 */
import type { Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventDraft } from '../events/types.ts'
import { validateAbout } from './rules.ts'
import type { ImageFiles, ImagesOp, ImagesStore } from './store.ts'
import { imageKeyOf, type Image, type ImageAbout } from './types.ts'

export interface ImagesParts {
  readonly store: ImagesStore
  readonly files: ImageFiles
  readonly commands: { commitNow(ops: readonly ImagesOp[], events?: readonly EventDraft[]): void | Promise<void> }
  readonly now: () => Instant
  readonly settings: Pick<Settings, 'firmware.image-limit'>
  /** What needs the image, in words for people (`update 7 of urn:dev:1`); none where it may be removed. */
  readonly usesOf: (image: Image) => readonly string[]
}

export class ImagesService {
  readonly #parts: ImagesParts
  /** Hashes of images that are about to be used, with how often: not to be removed meanwhile. */
  readonly #held = new Map<string, number>()

  constructor(parts: ImagesParts) {
    this.#parts = parts
  }

  /**
   * Keeps an image; the same octets under the same name are the same image. Throws UsageError
   * 'image.product', 'image.version', 'image.notes' (422), 'image.exists' (409: the version has other octets,
   * or the octets another name), 'firmware.too-large' (413), 'firmware.empty', or EnvironmentError.
   */
  async add(about: ImageAbout, chunks: AsyncIterable<Bytes>): Promise<Image> {
    const { store, files, commands, now, settings } = this.#parts
    validateAbout(about)
    const { sha256, size } = await files.add(chunks, settings['firmware.image-limit'])
    const known = store.image(sha256)
    if (known !== undefined) {
      if (known.product === about.product && known.version === about.version) return known
      throw exists(`these octets are ${known.product} ${known.version} already`)
    }
    try {
      const [taken] = store.imageByVersion(about.product, about.version)
      if (taken !== undefined) throw exists(`${about.product} ${about.version} is another image already (${taken.key})`)
      const key = imageKeyOf(sha256)
      const namesake = store.imageByKey(key)
      if (namesake !== undefined) throw exists(`the hash begins like that of ${namesake.product} ${namesake.version}`)
      const image: Image = { ...about, sha256, key, size, addedAt: now(), format: 'opaque' }
      await commands.commitNow([{ op: 'image.put', image }], [eventOf('firmware.image-added', image)])
      return image
    } catch (thrown) {
      // Unless somebody else has just added the very same octets.
      if (store.image(sha256) === undefined) await files.remove(sha256)
      throw thrown
    }
  }

  list(product?: string): readonly Image[] {
    return this.#parts.store.images(product)
  }

  /**
   * By hash, key, version or `product@version`; `product` decides between several images of one version. Throws
   * UsageError 'image.unknown' (404), 'image.ambiguous' (409: several products have this version).
   */
  image(reference: string, product?: string): Image {
    const { store } = this.#parts
    const byHash = store.image(reference.toLowerCase()) ?? store.imageByKey(reference.toLowerCase())
    if (byHash !== undefined) return byHash
    const found = this.#byVersion(reference)
    const fitting = found.length > 1 ? found.filter((image) => image.product === product) : found
    const [image] = fitting
    if (image !== undefined) return image
    if (found.length === 0) {
      throw new UsageError('image.unknown', `there is no firmware image '${reference}'`, {
        status: 404,
        hint: "'coapstan firmware list' shows the images",
      })
    }
    const names = found.map((candidate) => `${candidate.product}@${candidate.version}`)
    throw new UsageError('image.ambiguous', `several products have a version ${reference}`, {
      status: 409,
      hint: `say which: ${names.join(', ')}`,
      members: { candidates: names },
    })
  }

  /** Keeps the image from being removed until the returned function is called. */
  hold({ sha256 }: Image): () => void {
    this.#held.set(sha256, (this.#held.get(sha256) ?? 0) + 1)
    return () => {
      const others = (this.#held.get(sha256) ?? 1) - 1
      if (others === 0) this.#held.delete(sha256)
      else this.#held.set(sha256, others)
    }
  }

  /** Throws UsageError 'image.in-use' (409) with the member `uses` while something needs it. */
  async remove(reference: string): Promise<void> {
    const { commands, files, usesOf } = this.#parts
    const image = this.image(reference)
    const uses = usesOf(image)
    if (uses.length > 0 || this.#held.has(image.sha256)) {
      const needing = uses.length > 0 ? uses.join(', ') : 'an update that is being begun'
      throw new UsageError('image.in-use', `${image.product} ${image.version} is needed: ${needing}`, {
        status: 409,
        hint: 'cancel it, or wait for its end',
        members: { uses },
      })
    }
    await commands.commitNow([{ op: 'image.delete', sha256: image.sha256 }], [eventOf('firmware.image-removed', image)])
    await files.remove(image.sha256)
  }

  /** Reads the stored file; `detail` says what is wrong with it. */
  async verify(reference: string): Promise<{ image: Image; intact: boolean; detail?: string }> {
    const image = this.image(reference)
    return { image, ...(await this.#parts.files.verify(image.sha256)) }
  }

  #byVersion(reference: string): readonly Image[] {
    const { store } = this.#parts
    const found = store.imageByVersion(undefined, reference)
    if (found.length > 0) return found
    const separator = reference.lastIndexOf('@')
    if (separator < 0) return []
    return store.imageByVersion(reference.slice(0, separator), reference.slice(separator + 1))
  }
}

function eventOf(kind: 'firmware.image-added' | 'firmware.image-removed', image: Image): EventDraft {
  const { sha256, key, product, version, size } = image
  return { kind, cause: 'operator', detail: { sha256, key, product, version, size } }
}

function exists(message: string): UsageError {
  return new UsageError('image.exists', message, {
    status: 409,
    hint: 'give it another version, or remove the other image first',
  })
}
