/**
 * Devices for the API: reads go to the store, changes go to the device's actor as commands. Adds what
 * only the clock knows, the status.
 */
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Commands, DevicePatch, PutWish } from '../commands.ts'
import type { Precondition } from '../precondition.ts'
import { describedDevice, statusRulesOf, type StatusRules, type StatusSettings } from './rules.ts'
import type { DeviceRow, RegistryStore } from './store.ts'
import type { DeviceFilter, DeviceWithStatus, EndpointName } from './types.ts'

/** Names offered where one is not known. */
const similarLimit = 3
/** Devices looked at for one page of a status filter, and read at a time; the cursor goes on from there. */
const scanLimit = 5_000
const scanStep = 500

export interface DevicePage {
  readonly devices: readonly DeviceWithStatus[]
  /** Where the next page begins; absent on the last. A page may be short, even empty, and have a next. */
  readonly next?: EndpointName
}

export class RegistryService {
  readonly #store: RegistryStore
  readonly #commands: Commands
  readonly #now: () => Instant
  readonly #rules: StatusRules

  constructor(store: RegistryStore, commands: Commands, now: () => Instant, settings: StatusSettings) {
    this.#store = store
    this.#commands = commands
    this.#now = now
    this.#rules = statusRulesOf(settings)
  }

  /** In the order of endpoint names, after `cursor`. */
  list(filter: DeviceFilter, page: { cursor?: EndpointName; limit: number }): DevicePage {
    const { status, ...stored } = filter
    if (status !== undefined) return this.#withStatus(status, stored, page)
    const rows = this.#store.devices(stored, page.cursor, page.limit + 1)
    const devices = rows.slice(0, page.limit).map((row) => this.#describe(row))
    const last = devices.at(-1)
    return rows.length > page.limit && last !== undefined ? { devices, next: last.endpoint } : { devices }
  }

  /** Throws UsageError 'device.unknown' (404) with the member `similar`: names it may have been meant to be. */
  device(endpoint: EndpointName): DeviceWithStatus {
    const device = this.find(endpoint)
    if (device === undefined) throw this.#unknown(endpoint)
    return device
  }

  /** Undefined for a name nobody has, and cheap: no similar ones are looked for. */
  find(endpoint: EndpointName): DeviceWithStatus | undefined {
    const row = this.#store.device(endpoint)
    return row === undefined ? undefined : this.#describe(row)
  }

  knows(endpoint: EndpointName): boolean {
    return this.#store.device(endpoint) !== undefined
  }

  async put(endpoint: EndpointName, patch: DevicePatch, wish: PutWish): Promise<DeviceWithStatus> {
    if (wish.mustExist) this.device(endpoint)
    return this.#commands.submit({ command: 'device.put', endpoint, patch, ...wish })
  }

  async delete(endpoint: EndpointName, precondition: Precondition = {}): Promise<void> {
    this.device(endpoint)
    await this.#commands.submit({ command: 'device.delete', endpoint, precondition })
  }

  /** The status changes by itself, so no index knows it: a bounded walk, which the cursor continues. */
  #withStatus(
    status: DeviceWithStatus['status'],
    filter: Omit<DeviceFilter, 'status'>,
    { cursor, limit }: { cursor?: EndpointName; limit: number },
  ): DevicePage {
    const devices: DeviceWithStatus[] = []
    let after = cursor
    for (let scanned = 0; scanned < scanLimit; scanned += scanStep) {
      const rows = this.#store.devices(filter, after, scanStep)
      for (const [index, row] of rows.entries()) {
        after = row.device.endpoint
        const described = this.#describe(row)
        if (described.status === status) devices.push(described)
        const isEnd = rows.length < scanStep && index === rows.length - 1
        if (devices.length === limit) return isEnd ? { devices } : { devices, next: after }
      }
      if (rows.length < scanStep || after === undefined) return { devices }
    }
    return after === undefined ? { devices } : { devices, next: after }
  }

  #describe({ device, registration }: DeviceRow): DeviceWithStatus {
    return describedDevice(device, registration, this.#now(), this.#rules)
  }

  #unknown(endpoint: EndpointName): UsageError {
    return unknownDevice(endpoint, this.#store.similarEndpoints(endpoint, similarLimit))
  }
}

/** No device has this name; `similar` are names it may have been meant to be. */
export function unknownDevice(endpoint: EndpointName, similar: readonly EndpointName[]): UsageError {
  const names = similar.map((name) => `'${name}'`).join(', ')
  return new UsageError('device.unknown', `no device is called '${endpoint}'`, {
    status: 404,
    hint: similar.length === 0 ? "'coapstan devices' lists the known ones" : `did you mean ${names}?`,
    members: { similar },
  })
}
