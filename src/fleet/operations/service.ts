/**
 * Operations for the API: asked through the device's actor, read from the store. Says of a waiting one
 * what it waits for at this moment.
 */
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Commands } from '../commands.ts'
import { graceOf, statusOf } from '../registry/rules.ts'
import { unknownDevice } from '../registry/service.ts'
import type { RegistryStore } from '../registry/store.ts'
import type { DeviceId, DeviceStatus, EndpointName } from '../registry/types.ts'
import { waitingFor } from './rules.ts'
import type { OperationsStore } from './store.ts'
import type { Operation, OperationDraft, OperationFilter, OperationId, OperationState } from './types.ts'

type Reads = OperationsStore & Pick<RegistryStore, 'device' | 'deviceById' | 'similarEndpoints'>

/** Names offered where one is not known. */
const similarLimit = 3

export class OperationsService {
  readonly #store: Reads
  readonly #commands: Commands
  readonly #now: () => Instant
  readonly #settings: Pick<Settings, 'registration.grace'>

  constructor(
    store: Reads,
    commands: Commands,
    now: () => Instant,
    settings: Pick<Settings, 'registration.grace'> = { 'registration.grace': 0 },
  ) {
    this.#store = store
    this.#commands = commands
    this.#now = now
    this.#settings = settings
  }

  /** Resolves once it is durable, not once it is done. The same idempotency key gives the same operation. */
  async submit(endpoint: EndpointName, draft: OperationDraft): Promise<Operation> {
    const deviceId = this.#idOf(endpoint)
    const { idempotencyKey } = draft
    const known = idempotencyKey === undefined ? undefined : this.#store.byIdempotencyKey(deviceId, idempotencyKey)
    if (known !== undefined) return this.#asOf(known, new Map())
    return this.#commands.submit({ command: 'operation.submit', endpoint, draft })
  }

  /** Throws UsageError 'operation.unknown' (404). */
  operation(id: OperationId): Operation {
    const operation = this.#store.operation(id)
    if (operation === undefined) {
      throw new UsageError('operation.unknown', `there is no operation ${id}`, {
        status: 404,
        hint: "'coapstan operations <endpoint>' lists those of a device; old finished ones are forgotten",
      })
    }
    return this.#asOf(operation, new Map())
  }

  /** Newest first, with ids below `before`. Throws UsageError 'device.unknown' (404). */
  list(
    filter: { endpoint?: EndpointName; state?: OperationState },
    before: OperationId | undefined,
    limit: number,
  ): readonly Operation[] {
    const stored: OperationFilter = {
      ...(filter.endpoint === undefined ? {} : { deviceId: this.#idOf(filter.endpoint) }),
      ...(filter.state === undefined ? {} : { state: filter.state }),
    }
    const waits = new Map<DeviceId, Wait>()
    return this.#store.operations(stored, before, limit).map((operation) => this.#asOf(operation, waits))
  }

  /** Throws UsageError 'operation.unknown' (404), 'operation.finished' (409). */
  async cancel(id: OperationId): Promise<Operation> {
    const { endpoint } = this.operation(id)
    return this.#commands.submit({ command: 'operation.cancel', endpoint, id })
  }

  #idOf(endpoint: EndpointName): DeviceId {
    const row = this.#store.device(endpoint)
    if (row === undefined) throw unknownDevice(endpoint, this.#store.similarEndpoints(endpoint, similarLimit))
    return row.device.id
  }

  /** A queued operation with the reason that holds now; the stored one may be from before a nap. */
  #asOf(operation: Operation, waits: Map<DeviceId, Wait>): Operation {
    if (operation.state !== 'queued') return operation
    let wait = waits.get(operation.deviceId)
    if (wait === undefined) waits.set(operation.deviceId, (wait = this.#waitOf(operation.deviceId)))
    const reason = waitingFor(wait.status, wait.next === operation.id)
    const { reason: _, ...rest } = operation
    return reason === undefined ? rest : { ...rest, reason }
  }

  #waitOf(deviceId: DeviceId): Wait {
    const row = this.#store.deviceById(deviceId)
    const status =
      row === undefined ? 'offline' : statusOf(row.device, row.registration, this.#now(), graceOf(this.#settings))
    return { status, next: this.#store.openOperations(deviceId, 1)[0]?.id }
  }
}

/** What the operations of one device wait for. */
interface Wait {
  readonly status: DeviceStatus
  readonly next: OperationId | undefined
}
