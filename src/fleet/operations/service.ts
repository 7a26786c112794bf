/**
 * Operations for the API: asked through the device's actor, read from the store. Says of a waiting one
 * what it waits for at this moment.
 */
import { UsageError } from '../../base/errors.ts'
import type { Commands } from '../commands.ts'
import type { RegistryService } from '../registry/service.ts'
import type { DeviceStatus, EndpointName } from '../registry/types.ts'
import { otherUnderKey, waitingFor } from './rules.ts'
import type { OperationsStore } from './store.ts'
import type { Operation, OperationDraft, OperationFilter, OperationId, OperationState } from './types.ts'

/** What the operations of one device wait for. */
interface Wait {
  readonly status: DeviceStatus
  readonly next: OperationId | undefined
}

export class OperationsService {
  readonly #store: OperationsStore
  readonly #commands: Commands
  readonly #registry: Pick<RegistryService, 'device'>

  constructor(store: OperationsStore, commands: Commands, registry: Pick<RegistryService, 'device'>) {
    this.#store = store
    this.#commands = commands
    this.#registry = registry
  }

  /**
   * Resolves once it is durable, not once it is done. The same idempotency key gives the same operation,
   * finished or not. Throws UsageError 'device.unknown' (404), 'operation.key-taken' (422: that one asks another
   * thing) and what the device's actor refuses.
   */
  async submit(endpoint: EndpointName, draft: OperationDraft): Promise<Operation> {
    const { id } = this.#registry.device(endpoint)
    const { idempotencyKey } = draft
    const known = idempotencyKey === undefined ? undefined : this.#store.byIdempotencyKey(id, idempotencyKey)
    if (known !== undefined) {
      const conflict = otherUnderKey(known, draft)
      if (conflict !== undefined) throw conflict
      return this.#asOf(known, new Map())
    }
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
      ...(filter.endpoint === undefined ? {} : { deviceId: this.#registry.device(filter.endpoint).id }),
      ...(filter.state === undefined ? {} : { state: filter.state }),
    }
    const waits = new Map<EndpointName, Wait>()
    return this.#store.operations(stored, before, limit).map((operation) => this.#asOf(operation, waits))
  }

  /** Throws UsageError 'operation.unknown' (404), 'operation.finished' (409). */
  async cancel(id: OperationId): Promise<Operation> {
    const { endpoint } = this.operation(id)
    return this.#commands.submit({ command: 'operation.cancel', endpoint, id })
  }

  /** A queued operation with the reason that holds now; the stored one may be from before a nap. */
  #asOf(operation: Operation, waits: Map<EndpointName, Wait>): Operation {
    if (operation.state !== 'queued') return operation
    const { endpoint, deviceId } = operation
    let wait = waits.get(endpoint)
    if (wait === undefined) {
      wait = { status: this.#registry.device(endpoint).status, next: this.#store.openOperations(deviceId, 1)[0]?.id }
      waits.set(endpoint, wait)
    }
    const reason = waitingFor(wait.status, wait.next === operation.id)
    const { reason: _, ...rest } = operation
    return reason === undefined ? rest : { ...rest, reason }
  }
}
