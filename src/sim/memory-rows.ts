/** A device of `memory-store.ts` with all that hangs on it, and how its lists are ordered. */
import type { Deadlined } from '../base/deadline-queue.ts'
import { instantOf, never, type Instant } from '../base/time.ts'
import type { ConfigurationOp } from '../fleet/configuration/store.ts'
import type { Configuration, ConfigurationObserver } from '../fleet/configuration/types.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { Observation } from '../fleet/observations/types.ts'
import type { Operation, OperationId } from '../fleet/operations/types.ts'
import type { DeviceRow } from '../fleet/registry/store.ts'
import type { Device, Registration } from '../fleet/registry/types.ts'

/** A device and all that hangs on it; due at the earliest instant the engine is to hear of. */
export class Row implements Deadlined {
  deadline: Instant = never
  deadlineSlot = -1
  device: Device
  registration: Registration | undefined
  /** Oldest first. */
  readonly operations = new Map<OperationId, Operation>()
  readonly open = new Map<OperationId, Operation>()
  readonly observations = new Map<string, Observation>()
  update: FirmwareUpdate | undefined
  configuration: Configuration | undefined
  /** By token. */
  readonly configurationObservers = new Map<string, ConfigurationObserver>()

  constructor(device: Device) {
    this.device = device
  }

  configure(op: ConfigurationOp): void {
    if (op.op === 'device.config') this.configuration = op.configuration
    else if (op.op === 'config-observer.put') this.configurationObservers.set(op.observer.token, op.observer)
    else this.configurationObservers.delete(op.token)
  }
}

export function rowOf({ device, registration }: Row): DeviceRow {
  return registration === undefined ? { device } : { device, registration }
}

export function rowOrNothing(row: Row | undefined): DeviceRow | undefined {
  return row === undefined ? undefined : rowOf(row)
}

export function byPath(row: Row): readonly Observation[] {
  if (row.observations.size === 0) return []
  return [...row.observations.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Whether a restarted server has something to ask or tell it. */
export function isToRecover({ open, configuration, configurationObservers }: Row): boolean {
  if (open.size > 0) return true
  return [...configurationObservers.values()].some(({ toldAt }) => toldAt !== configuration?.changedAt)
}

export function inSendingOrder(row: Row, limit: number): readonly Operation[] {
  if (row.open.size === 0) return []
  return [...row.open.values()].sort((a, b) => a.priority - b.priority || a.id - b.id).slice(0, limit)
}

/** The earliest instant the engine is to hear of, or `never`. */
export function dueOf({ registration, open, update }: Row): Instant {
  let due: number = Math.min(registration?.expiresAt ?? never, update?.dueAt ?? never)
  for (const { deadline, notBefore = never } of open.values()) due = Math.min(due, deadline, notBefore)
  return instantOf(due)
}
