/**
 * Requests that wait for an operation to end. One subscription to the events serves them all; their
 * number and their time are limited. Knows nothing of HTTP.
 */
import { UsageError } from '../base/errors.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import { openStates, type Operation, type OperationId } from '../fleet/operations/types.ts'
import type { DeviceId } from '../fleet/registry/types.ts'
import type { EventsCalls, OperationsCalls } from './services.ts'

export function isOpen(operation: Operation): boolean {
  return openStates.includes(operation.state)
}

export class OperationWaits {
  readonly #operations: Pick<OperationsCalls, 'operation'>
  readonly #limit: number
  readonly #byDevice = new Map<DeviceId, Set<Waiter>>()
  readonly #unsubscribe: () => void
  #count = 0

  /** `limit`: how many may wait at one time. */
  constructor(
    services: { operations: Pick<OperationsCalls, 'operation'>; events: Pick<EventsCalls, 'subscribe'> },
    limit: number,
  ) {
    this.#operations = services.operations
    this.#limit = limit
    this.#unsubscribe = services.events.subscribe((event) => this.#notice(event))
  }

  get count(): number {
    return this.#count
  }

  /**
   * The operation once it has ended, or as it is after `wait` milliseconds, when `gone` aborts, or at
   * once where too many wait already.
   */
  async ended(id: OperationId, wait: number, gone: AbortSignal): Promise<Operation> {
    const operation = this.#operations.operation(id)
    if (!isOpen(operation) || wait <= 0 || this.#count >= this.#limit || gone.aborted) return operation
    await this.#ending(operation, wait, gone)
    return this.#operations.operation(id)
  }

  /** Lets everybody go with the operation as it is. */
  close(): void {
    this.#unsubscribe()
    for (const waiting of this.#byDevice.values()) for (const waiter of waiting) waiter.release()
  }

  #ending({ id, deviceId }: Operation, wait: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#byDevice.get(deviceId) ?? new Set()
      const release = (): void => {
        clearTimeout(timer)
        gone.removeEventListener('abort', release)
        waiting.delete(waiter)
        if (waiting.size === 0) this.#byDevice.delete(deviceId)
        this.#count--
        resolve()
      }
      const waiter = { id, release }
      const timer = setTimeout(release, wait)
      gone.addEventListener('abort', release)
      waiting.add(waiter)
      this.#byDevice.set(deviceId, waiting)
      this.#count++
    })
  }

  #notice(event: FleetEvent): void {
    if (event.deviceId === undefined || !endings.has(event.kind)) return
    for (const waiter of this.#byDevice.get(event.deviceId) ?? []) {
      if (!this.#isStillOpen(waiter.id)) waiter.release()
    }
  }

  #isStillOpen(id: OperationId): boolean {
    try {
      return isOpen(this.#operations.operation(id))
    } catch (error) {
      // Gone with its device: whoever waits for it is told so when they read it again.
      if (error instanceof UsageError) return false
      throw error
    }
  }
}

interface Waiter {
  readonly id: OperationId
  /** Lets the request go on. */
  readonly release: () => void
}

/** Events after which an operation of the device may have ended. */
const endings: ReadonlySet<FleetEvent['kind']> = new Set(['operation.finished', 'device.deleted'])
