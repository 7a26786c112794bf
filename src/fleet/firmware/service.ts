/** Firmware updates of single devices for the API; an update is its device's affair. */
import { UsageError } from '../../base/errors.ts'
import type { Commands } from '../commands.ts'
import type { ImagesService } from '../images/service.ts'
import type { Delta, Image } from '../images/types.ts'
import type { RegistryService } from '../registry/service.ts'
import type { DeviceId, DeviceWithStatus, EndpointName } from '../registry/types.ts'
import type { UpdateWish } from './rules.ts'
import type { FirmwareStore } from './store.ts'
import type { FirmwareUpdate } from './types.ts'

/** Uses told to somebody who wants an image gone; more are not counted out. */
const toldUses = 3

/** Updates looked through for the last that was confirmed; with none among them the whole image is sent. */
const confirmedWithin = 20

export interface StartWish extends Omit<UpdateWish, 'image'> {
  /** Hand over a delta from what the device runs, where there is one; the whole image where there is none. */
  readonly delta?: boolean
}

export class FirmwareService {
  readonly #store: FirmwareStore
  readonly #commands: Commands
  readonly #images: Pick<ImagesService, 'image' | 'misfit' | 'hold' | 'ready'>
  readonly #deltaOf: (from: string, to: string) => Delta | undefined
  readonly #registry: Pick<RegistryService, 'device'>

  constructor(
    store: FirmwareStore,
    commands: Commands,
    images: Pick<ImagesService, 'image' | 'misfit' | 'hold' | 'ready'>,
    registry: Pick<RegistryService, 'device'>,
    deltaOf: (from: string, to: string) => Delta | undefined = () => undefined,
  ) {
    this.#deltaOf = deltaOf
    this.#store = store
    this.#commands = commands
    this.#images = images
    this.#registry = registry
  }

  /**
   * Throws UsageError 'device.unknown' (404), 'image.unknown' (404), 'firmware.product' (422: the image is for
   * another product), 'firmware.misfit' (422: for another version, or with an older security counter than what the
   * device runs), 'firmware.target' (422), 'firmware.busy' (409: an update of the device is under way; one
   * that is only being cancelled makes way).
   */
  async start(endpoint: EndpointName, reference: string, { delta, ...wish }: StartWish = {}): Promise<FirmwareUpdate> {
    const device = this.#registry.device(endpoint)
    const image = this.#imageForDevice(reference, device)
    this.#refuseMisfit(image, device)
    const release = this.#images.hold(image)
    try {
      const found = delta === true ? this.#deltaTo(image, device) : undefined
      await this.#images.ready(image, found?.sha256 ?? image.sha256)
      const options = found === undefined ? wish.options : { ...wish.options, delta: found }
      const asked = { ...wish, ...(options !== undefined && { options }) }
      return await this.#commands.submit({ command: 'firmware.start', endpoint, image, ...asked })
    } finally {
      release()
    }
  }

  /** A delta fits exactly the octets it was made from: those of the last update that was confirmed. */
  #deltaTo({ sha256 }: Image, { id }: DeviceWithStatus): Pick<Delta, 'sha256' | 'size'> | undefined {
    const last = this.#lastConfirmed(id)
    const delta = last === undefined ? undefined : this.#deltaOf(last.sha256, sha256)
    return delta === undefined ? undefined : { sha256: delta.sha256, size: delta.size }
  }

  /** What the device runs, where it came from us. */
  #lastConfirmed(id: DeviceId): FirmwareUpdate | undefined {
    return this.#store.updates(id, confirmedWithin).find(({ state }) => state === 'confirmed')
  }

  #refuseMisfit(image: Image, { id, endpoint, learned }: DeviceWithStatus): void {
    const misfit = this.#images.misfit(image, learned?.vitals?.version, this.#lastConfirmed(id)?.sha256)
    if (misfit === undefined) return
    throw new UsageError('firmware.misfit', `${endpoint} would not take it: ${misfit.reason}`, {
      status: 422,
      hint: `'coapstan firmware show ${image.key}' says what the image goes over`,
      members: { field: misfit.field },
    })
  }

  /** Ends at once where the device has heard nothing of it; else the device is to drop the image first (state cancelling). */
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

  #imageForDevice(reference: string, { endpoint, product, productFrom }: DeviceWithStatus): Image {
    const image = this.#images.image(reference, product)
    if (product === undefined || image.product === product) return image
    const hint =
      productFrom === 'model'
        ? `that is the Model Number it tells; 'coapstan devices set ${endpoint} --product ${image.product}' says otherwise`
        : "'coapstan firmware list' shows the images"
    throw new UsageError(
      'firmware.product',
      `${image.product} ${image.version} is for another product: ${endpoint} is a ${product}`,
      { status: 422, hint, members: { field: 'product' } },
    )
  }
}

/** The updates under way that need an image, in words; none where it may be removed. */
export function updatesNeeding(store: FirmwareStore, { sha256 }: Image): readonly string[] {
  const updates = store.openUpdatesTo(sha256, toldUses + 1)
  const told = updates.slice(0, toldUses).map(({ id, endpoint }) => `update ${id} of ${endpoint}`)
  return updates.length > toldUses ? [...told, 'and more'] : told
}
