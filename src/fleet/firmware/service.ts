/**
 * Firmware for the API: images (a row each, their octets in files) and the updates of single devices.
 * Images belong to no device, so they are committed directly; updates are their device's affair.
 */
import type { Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Commands } from '../commands.ts'
import type { FleetEvent } from '../events/types.ts'
import type { RegistryService } from '../registry/service.ts'
import type { DeviceWithStatus, EndpointName } from '../registry/types.ts'
import { validateAbout, type ImageAbout } from './image-rules.ts'
import type { FirmwareOp, FirmwareStore, ImageFiles } from './store.ts'
import { imageKeyOf, type FirmwareUpdate, type Image } from './types.ts'

/** An event before it has an id and a time. */
export type EventDraft = Pick<FleetEvent, 'kind' | 'cause' | 'detail' | 'endpoint'>

export interface DirectCommits {
  /**
   * Durable when it returns or resolves; throws EnvironmentError. Gives each event its id and time, commits
   * it with the ops and publishes it.
   */
  commitNow(ops: readonly FirmwareOp[], events?: readonly EventDraft[]): void | Promise<void>
}

export class FirmwareService {
  readonly #store: FirmwareStore
  readonly #commands: Commands & DirectCommits
  readonly #files: ImageFiles
  readonly #registry: Pick<RegistryService, 'device'>
  readonly #now: () => Instant
  readonly #settings: Pick<Settings, 'firmware.image-limit'>
  /** Hashes of images whose update is being started, with how many: not to be removed meanwhile. */
  readonly #starting = new Map<string, number>()

  constructor(
    store: FirmwareStore,
    commands: Commands & DirectCommits,
    files: ImageFiles,
    registry: Pick<RegistryService, 'device'>,
    now: () => Instant,
    settings: Pick<Settings, 'firmware.image-limit'>,
  ) {
    this.#store = store
    this.#commands = commands
    this.#files = files
    this.#registry = registry
    this.#now = now
    this.#settings = settings
  }

  /**
   * Keeps an image; the same octets under the same name are the same image. Throws UsageError
   * 'image.product', 'image.version', 'image.notes' (422), 'image.exists' (409: the version has other octets,
   * or the octets another name), 'firmware.too-large' (413), 'firmware.empty', or EnvironmentError.
   */
  async addImage(about: ImageAbout, chunks: AsyncIterable<Bytes>): Promise<Image> {
    validateAbout(about)
    const { sha256, size } = await this.#files.add(chunks, this.#settings['firmware.image-limit'])
    const known = this.#store.image(sha256)
    if (known !== undefined) {
      if (known.product === about.product && known.version === about.version) return known
      throw exists(`these octets are ${known.product} ${known.version} already`)
    }
    try {
      const [taken] = this.#store.imageByVersion(about.product, about.version)
      if (taken !== undefined) throw exists(`${about.product} ${about.version} is another image already (${taken.key})`)
      const key = imageKeyOf(sha256)
      const namesake = this.#store.imageByKey(key)
      if (namesake !== undefined) throw exists(`the hash begins like that of ${namesake.product} ${namesake.version}`)
      const image: Image = { ...about, sha256, key, size, addedAt: this.#now() }
      await this.#commands.commitNow([{ op: 'image.put', image }], [eventOf('firmware.image-added', image)])
      return image
    } catch (thrown) {
      // Unless somebody else has just added the very same octets.
      if (this.#store.image(sha256) === undefined) await this.#files.remove(sha256)
      throw thrown
    }
  }

  images(product?: string): readonly Image[] {
    return this.#store.images(product)
  }

  /**
   * By hash, key, version or `product@version`. Throws UsageError 'image.unknown' (404), 'image.ambiguous'
   * (409: several products have this version).
   */
  image(reference: string): Image {
    return this.#imageFor(reference, undefined)
  }

  /** Throws UsageError 'image.in-use' (409) while an update that is not finished needs it. */
  async removeImage(reference: string): Promise<void> {
    const image = this.image(reference)
    if (this.#store.imageInUse(image.sha256) || this.#starting.has(image.sha256)) {
      throw new UsageError('image.in-use', `an update under way needs ${image.product} ${image.version}`, {
        status: 409,
        hint: 'cancel it, or wait for its end',
      })
    }
    await this.#commands.commitNow(
      [{ op: 'image.delete', sha256: image.sha256 }],
      [eventOf('firmware.image-removed', image)],
    )
    await this.#files.remove(image.sha256)
  }

  /** Reads the stored file; `detail` says what is wrong with it. */
  async verify(reference: string): Promise<{ image: Image; intact: boolean; detail?: string }> {
    const image = this.image(reference)
    return { image, ...(await this.#files.verify(image.sha256)) }
  }

  /**
   * Throws UsageError 'device.unknown' (404), 'image.unknown' (404), 'firmware.product' (422: the image is for
   * another product), 'firmware.busy' (409: an update of the device is under way).
   */
  async start(endpoint: EndpointName, reference: string): Promise<FirmwareUpdate> {
    const device = this.#registry.device(endpoint)
    const image = this.#imageForDevice(reference, device)
    const { sha256 } = image
    this.#starting.set(sha256, (this.#starting.get(sha256) ?? 0) + 1)
    try {
      return await this.#commands.submit({ command: 'firmware.start', endpoint, image })
    } finally {
      const others = (this.#starting.get(sha256) ?? 1) - 1
      if (others === 0) this.#starting.delete(sha256)
      else this.#starting.set(sha256, others)
    }
  }

  async cancel(endpoint: EndpointName): Promise<FirmwareUpdate> {
    this.#registry.device(endpoint)
    return this.#commands.submit({ command: 'firmware.cancel', endpoint })
  }

  /** Throws UsageError 'update.unknown' (404). */
  update(id: number): FirmwareUpdate {
    const update = this.#store.update(id)
    if (update === undefined) throw new UsageError('update.unknown', `there is no update ${id}`, { status: 404 })
    return update
  }

  /** Newest first. Throws UsageError 'device.unknown' (404). */
  updates(endpoint: EndpointName | undefined, limit: number): readonly FirmwareUpdate[] {
    return this.#store.updates(endpoint === undefined ? undefined : this.#registry.device(endpoint).id, limit)
  }

  #imageForDevice(reference: string, { endpoint, product }: DeviceWithStatus): Image {
    const image = this.#imageFor(reference, product)
    if (product === undefined || image.product === product) return image
    throw new UsageError(
      'firmware.product',
      `${image.product} ${image.version} is for another product: ${endpoint} is a ${product}`,
      { status: 422, hint: "'coapstan firmware list' shows the images", members: { field: 'product' } },
    )
  }

  /** `product` decides between several images of one version. */
  #imageFor(reference: string, product: string | undefined): Image {
    const byHash = this.#store.image(reference.toLowerCase()) ?? this.#store.imageByKey(reference.toLowerCase())
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

  #byVersion(reference: string): readonly Image[] {
    const found = this.#store.imageByVersion(undefined, reference)
    if (found.length > 0) return found
    const separator = reference.lastIndexOf('@')
    if (separator < 0) return []
    return this.#store.imageByVersion(reference.slice(0, separator), reference.slice(separator + 1))
  }
}

function eventOf(kind: EventDraft['kind'], { sha256, key, product, version, size }: Image): EventDraft {
  return { kind, cause: 'operator', detail: { sha256, key, product, version, size } }
}

function exists(message: string): UsageError {
  return new UsageError('image.exists', message, {
    status: 409,
    hint: 'give it another version, or remove the other image first',
  })
}
