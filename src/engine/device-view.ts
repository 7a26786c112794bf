/**
 * What a registration means for talking to the device. Devices of one product register the same text, so
 * what is read of it is kept and shared.
 */
import { LruMap } from '../base/lru.ts'
import type { Device, Registration } from '../fleet/registry/types.ts'
import { deviceViewOf, type DeviceView } from '../lwm2m/management/device-view.ts'
import type { ObjectLibrary } from '../lwm2m/model/library.ts'

/** What of a device's state matters here. */
interface Known {
  readonly device: Device | undefined
  readonly registration: Registration | undefined
}

/** Different object lists kept; a fleet has few. */
const viewLimit = 256

export class DeviceViews {
  readonly library: ObjectLibrary
  #views = new LruMap<string, DeviceView>(viewLimit)
  /** Of the definitions the views were made of. */
  #generation: number

  constructor(library: ObjectLibrary) {
    this.library = library
    this.#generation = library.generation
  }

  /** Of a device that is not registered: no objects, the newest definitions. */
  of({ device, registration }: Known): DeviceView {
    const view = this.#registered(registration)
    const formats = device?.learned?.formats
    return formats === undefined ? view : { ...view, formats }
  }

  #registered(registration: Registration | undefined): DeviceView {
    const { lwm2mVersion, links } = registration ?? { lwm2mVersion: '1.2', links: '' }
    if (this.#generation !== this.library.generation) {
      this.#generation = this.library.generation
      this.#views = new LruMap(viewLimit)
    }
    const key = `${lwm2mVersion} ${links}`
    const known = this.#views.use(key)
    if (known !== undefined) return known
    const view = deviceViewOf(this.library, { lwm2mVersion, links })
    this.#views.set(key, view)
    return view
  }
}
