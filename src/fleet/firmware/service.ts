/** Firmware updates of single devices for the API; an update is its device's affair. */
import { UsageError } from '../../base/errors.ts'
import type { Commands } from '../commands.ts'
import type { ImagesService, Running } from '../images/service.ts'
import type { Image, Leg, Way } from '../images/types.ts'
import type { RegistryService } from '../registry/service.ts'
import { mayBe, type DeviceWithStatus, type EndpointName } from '../registry/types.ts'
import { wishOfWay } from './journey.ts'
import type { UpdateWish } from './rules.ts'
import type { FirmwareStore } from './store.ts'
import { defaultTarget } from './targets.ts'
import type { FirmwareUpdate } from './types.ts'

/** Uses told to somebody who wants an image gone; more are not counted out. */
const toldUses = 3

/** Updates looked through for the last that was confirmed; with none among them the whole image is sent. */
const confirmedWithin = 20

export interface StartWish extends Omit<UpdateWish, 'image' | 'journey'> {
  /** Hand over deltas from what the device runs, where there are some; whole images where there are none. */
  readonly delta?: boolean
}

type FirmwareImages = Pick<ImagesService, 'image' | 'waysTo' | 'hold' | 'ready'>

export class FirmwareService {
  readonly #store: FirmwareStore
  readonly #commands: Commands
  readonly #images: FirmwareImages
  readonly #registry: Pick<RegistryService, 'device'>

  constructor(
    store: FirmwareStore,
    commands: Commands,
    images: FirmwareImages,
    registry: Pick<RegistryService, 'device'>,
  ) {
    this.#store = store
    this.#commands = commands
    this.#images = images
    this.#registry = registry
  }

  /**
   * Begins the first of the updates that lead to the image: one, or as many as it takes over other images. Throws
   * UsageError 'device.unknown' (404), 'image.unknown' (404), 'image.lost' (409), 'firmware.product' (422: the image is
   * for another product), 'firmware.misfit' (422: no way leads to it from what the device runs), 'firmware.target'
   * (422), 'firmware.via' (422: the server does not serve that way), 'firmware.version-untold' (409: which delta fits hangs on it), 'firmware.busy' (409: an update of the device is under way; one that is only being cancelled makes way),
   * or EnvironmentError where octets cannot be fetched.
   */
  async start(endpoint: EndpointName, reference: string, { delta, ...wish }: StartWish = {}): Promise<FirmwareUpdate> {
    const device = this.#registry.device(endpoint)
    const image = this.#imageForDevice(reference, device)
    const target = wish.target ?? defaultTarget
    const running = this.#runningOn(device, target)
    const ways = this.#images.waysTo(image, delta === true)
    // A component tells its version in answer to its update alone.
    if (running.version === undefined && target === defaultTarget && ways.hasDeltas) throw versionUntold(endpoint)
    const legs = legsOf(ways.from(running), image, endpoint)
    const releases = legs.map((leg) => this.#images.hold(leg))
    try {
      for (const leg of legs) await this.#fetched(leg)
      return await this.#commands.submit({
        command: 'firmware.start',
        endpoint,
        ...wishOfWay(legs, running.version, wish),
      })
    } finally {
      for (const release of releases) release()
    }
  }

  /** The whole image too, which a device that refuses the delta is sent. */
  async #fetched(leg: Leg): Promise<void> {
    const { delta } = leg
    if (delta !== undefined) await this.#images.ready(leg, delta.sha256)
    await this.#images.ready(leg, leg.sha256)
  }

  /**
   * What the device runs there: the image of the last update that was confirmed, unless it has told since that it
   * runs another version. Of a component only the former is known.
   */
  #runningOn({ id, learned }: DeviceWithStatus, target: string): Running {
    const told = target === defaultTarget ? learned?.vitals?.version : undefined
    const last = this.#store
      .updates(id, confirmedWithin)
      .find((update) => update.state === 'confirmed' && update.target === target)
    const isLast = last !== undefined && (told === undefined || told === last.version)
    const version = told ?? last?.version
    const hardware = learned?.vitals?.hardware
    return {
      ...(hardware !== undefined && { hardware }),
      ...(version !== undefined && { version }),
      ...(last !== undefined && { installed: last.sha256 }),
      ...(isLast && { sha256: last.sha256 }),
    }
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

  #imageForDevice(reference: string, device: DeviceWithStatus): Image {
    const { endpoint, product } = device
    const image = this.#images.image(reference, product)
    if (mayBe(device, image.product)) return image
    const hint = "'coapstan firmware list' shows the images"
    throw new UsageError(
      'firmware.product',
      `${image.product} ${image.version} is for another product: ${endpoint} is a ${product}`,
      { status: 422, hint, members: { field: 'product' } },
    )
  }
}

function legsOf(way: Way, { key }: Image, endpoint: EndpointName): readonly [Leg, ...Leg[]] {
  if ('legs' in way) return way.legs
  throw new UsageError('firmware.misfit', `no way leads ${endpoint} to it: ${way.misfit.reason}`, {
    status: 422,
    hint: `'coapstan firmware show ${key}' says what the image goes over; add an image in between, or one that fits`,
    members: { field: way.misfit.field },
  })
}

function versionUntold(endpoint: EndpointName): UsageError {
  return new UsageError(
    'firmware.version-untold',
    `${endpoint} has not told its version: which delta fits is not known`,
    {
      status: 409,
      hint: `'coapstan read ${endpoint} /3/0/3' asks it; without --delta it is sent the whole image`,
    },
  )
}

/** The updates under way that need an image, in words; none where it may be removed. */
export function updatesNeeding(store: FirmwareStore, { sha256 }: { readonly sha256: string }): readonly string[] {
  const updates = store.openUpdatesNeeding(sha256, toldUses + 1)
  const told = updates.slice(0, toldUses).map(({ id, endpoint }) => `update ${id} of ${endpoint}`)
  return updates.length > toldUses ? [...told, 'and more'] : told
}
