/**
 * Firmware images for the API: a row each, their octets in files. An image belongs to no device, so it is
 * committed directly.
 */
import type { Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventDraft } from '../events/types.ts'
import type { Precondition } from '../precondition.ts'
import type { SigningKey } from '../signing-keys/types.ts'
import { findingsOf, type ImageFindings } from './judgement.ts'
import { demandImage } from './revision.ts'
import { validateAbout } from './rules.ts'
import type { ImageFiles, ImageInspector, ImagesOp, ImagesStore, StoredFile } from './store.ts'
import { imageKeyOf, type Delta, type Image, type ImageDraft, type ImageSignature } from './types.ts'
import { Ways } from './ways.ts'

export type { Running, Ways } from './ways.ts'

export interface AddedImage {
  readonly image: Image
  /** False where it was there already. */
  readonly isNew: boolean
}

export interface Verification {
  readonly image: Image
  readonly intact: boolean
  readonly detail?: string
  /** Of an MCUboot image, by the keys that are registered now. */
  readonly signature?: ImageSignature
}

export interface ImagesParts {
  readonly store: ImagesStore
  readonly files: ImageFiles
  readonly inspector: Pick<ImageInspector, 'inspect'>
  /** The registered keys an image of the product may be signed with. */
  readonly keysFor: (product: string) => readonly SigningKey[]
  readonly commands: { commitNow(ops: readonly ImagesOp[], events?: readonly EventDraft[]): void | Promise<void> }
  readonly now: () => Instant
  readonly settings: Pick<Settings, 'firmware.image-limit'>
  /** What needs the image, in words for people (`update 7 of urn:dev:1`); none where it may be removed. */
  readonly usesOf: (image: Image) => readonly string[]
  readonly deltas: () => readonly Delta[]
  /** Whether the octets are those of a delta too. */
  readonly isDelta: (sha256: string) => boolean
  /** Asked before an image is removed; what it returns drops what hung on it. */
  readonly orphans: (image: Image) => () => Promise<void>
}

export class ImagesService {
  readonly #parts: ImagesParts
  /** Hashes of images that are about to be used, with how often: not to be removed meanwhile. */
  readonly #held = new Map<string, number>()

  constructor(parts: ImagesParts) {
    this.#parts = parts
  }

  /**
   * Keeps an image whose octets are what they should be; the same octets under the same name are the same image.
   * Throws UsageError (422, with the member `field`): 'image.product', 'image.version', 'image.notes',
   * 'image.from-versions', 'image.hardware', 'image.security-counter', 'image.hash', 'image.damaged',
   * 'image.signature'; 'image.exists' (409: the version has other octets, or the octets another name),
   * 'firmware.too-large' (413), 'firmware.empty'; or EnvironmentError.
   */
  async add(draft: ImageDraft, chunks: AsyncIterable<Bytes>, expected?: string): Promise<AddedImage> {
    const { store, files, commands, now, settings } = this.#parts
    validateAbout(draft)
    let known: Image | undefined
    let findings: ImageFindings | undefined
    const { sha256, size } = await files.add(chunks, settings['firmware.image-limit'], async (file, found) => {
      if (expected !== undefined && expected.toLowerCase() !== found) throw otherHash(expected, found)
      known = store.image(found)
      if (known === undefined) findings = await this.#findings(draft, file)
      else if (known.product !== draft.product || known.version !== (draft.version ?? known.version)) {
        throw exists(
          `these octets are ${known.product} ${known.version} already`,
          `use it under that name, or 'coapstan firmware remove ${known.key}' first`,
        )
      }
    })
    if (known !== undefined) return { image: known, isNew: false }
    try {
      const about = findings!
      const [taken] = store.imageByVersion(about.product, about.version)
      if (taken !== undefined) throw exists(`${about.product} ${about.version} is another image already (${taken.key})`)
      const key = imageKeyOf(sha256)
      const namesake = store.imageByKey(key)
      if (namesake !== undefined) throw exists(`the hash begins like that of ${namesake.product} ${namesake.version}`)
      const image: Image = { ...about, sha256, key, size, addedAt: now() }
      await commands.commitNow([{ op: 'image.put', image }], [eventOf('firmware.image-added', image)])
      return { image, isNew: true }
    } catch (thrown) {
      // Unless somebody else has just added the very same octets.
      if (store.image(sha256) === undefined && !this.#parts.isDelta(sha256)) await files.remove(sha256)
      throw thrown
    }
  }

  async #findings(draft: ImageDraft, file: StoredFile): Promise<ImageFindings> {
    const { store, inspector, keysFor } = this.#parts
    const keys = keysFor(draft.product)
    return findingsOf(draft, await inspector.inspect(file, keys), keys.length > 0, store.images(draft.product))
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

  /** The ways of devices to `target`, over other images and by deltas where they are wanted. */
  waysTo(target: Image, withDeltas: boolean): Ways {
    return new Ways(target, this.#parts.store.images(target.product), withDeltas ? this.#parts.deltas() : [])
  }

  /** Release notes may be written when the image is long there. Throws UsageError 'image.notes' (422). */
  async setNotes(reference: string, notes: string | undefined, precondition: Precondition = {}): Promise<Image> {
    const before = this.image(reference)
    demandImage(precondition, before)
    const { notes: _before, ...rest } = before
    const image: Image = { ...rest, ...(notes !== undefined && { notes }) }
    validateAbout(image)
    await this.#parts.commands.commitNow([{ op: 'image.put', image }])
    return image
  }

  /** Fetches the octets where they are kept elsewhere. Throws UsageError 'image.lost' (409) where they are gone, or EnvironmentError. */
  async ready({ product, version }: Pick<Image, 'product' | 'version'>, sha256: string): Promise<void> {
    if (await this.#parts.files.ready(sha256)) return
    throw imageLost(product, version)
  }

  /** Whether the octets are those of an image. */
  keeps(sha256: string): boolean {
    return this.#parts.store.image(sha256) !== undefined
  }

  /** Keeps the image from being removed until the returned function is called. */
  hold({ sha256 }: Pick<Image, 'sha256'>): () => void {
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

  /** Reads the stored file again, and holds its signature against the keys of today; `detail` says what is wrong. */
  async verify(reference: string): Promise<Verification> {
    const { files, inspector, keysFor } = this.#parts
    const image = this.image(reference)
    const { intact, detail } = await files.verify(image.sha256)
    if (!intact) return { image, intact, ...(detail !== undefined && { detail }) }
    const found = await files.open(image.sha256, (file) => inspector.inspect(file, keysFor(image.product)))
    if (found?.format !== 'mcuboot') return { image, intact }
    const { signature } = found
    if (signature.state === 'wrong') {
      return { image, intact: false, detail: `the signature with '${signature.key}' is of other octets` }
    }
    const { state } = signature
    return { image, intact, signature: { state, ...(state === 'verified' && { key: signature.key }) } }
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

export function imageLost(product: string, version: string): UsageError {
  return new UsageError('image.lost', `the octets of ${product} ${version} are gone or damaged`, {
    status: 409,
    hint: `add the same file again, or put it back from a backup: 'coapstan firmware verify ${product}@${version}' says how it stands`,
  })
}

function exists(message: string, hint = 'give it another version, or remove the other image first'): UsageError {
  return new UsageError('image.exists', message, { status: 409, hint })
}

function otherHash(expected: string, found: string): UsageError {
  return new UsageError('image.hash', `the octets have the SHA-256 ${found}, not ${expected}`, {
    status: 422,
    hint: 'they changed on their way, or are of another file: send it again',
    members: { field: 'sha256' },
  })
}
