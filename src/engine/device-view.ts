/**
 * What a registration means for talking to the device: its root, its objects, the model that applies.
 * Devices of one product register the same text, so what is read of it is kept and shared.
 */
import { isFault } from '../base/fault.ts'
import { LruMap } from '../base/lru.ts'
import type { Registration } from '../fleet/registry/types.ts'
import { deviceModel, type DeviceModel, type EnablerVersion, type ObjectLibrary } from '../lwm2m/model/library.ts'
import { parseSupportedObjects, versionsOf, type SupportedObjects } from '../lwm2m/supported-objects.ts'

export interface DeviceView {
  readonly version: EnablerVersion
  readonly supported: SupportedObjects
  readonly model: DeviceModel
}

/** Different object lists kept; a fleet has few. */
const viewLimit = 256

const nothingSupported: SupportedObjects = { root: [], contentFormats: [], objects: new Map(), quirks: [] }

export class DeviceViews {
  readonly library: ObjectLibrary
  readonly #views = new LruMap<string, DeviceView>(viewLimit)

  constructor(library: ObjectLibrary) {
    this.library = library
  }

  /** Of a device that is not registered: nothing supported, the newest definitions. */
  of(registration: Registration | undefined): DeviceView {
    const version = enablerOf(registration?.lwm2mVersion)
    const key = `${version} ${registration?.links ?? ''}`
    const known = this.#views.use(key)
    if (known !== undefined) return known
    const parsed = registration === undefined ? nothingSupported : parseSupportedObjects(registration.links)
    const supported = isFault(parsed) ? nothingSupported : parsed
    const view = { version, supported, model: deviceModel(this.library, version, versionsOf(supported)) }
    this.#views.set(key, view)
    return view
  }
}

function enablerOf(text: string | undefined): EnablerVersion {
  return text === '1.0' || text === '1.1' ? text : '1.2'
}
