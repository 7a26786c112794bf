/** What operations ask of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { Operation, OperationFilter, OperationId } from './types.ts'

export type OperationsOp =
  /** Inserts, or replaces the row of the same id. */
  { readonly op: 'operation.put'; readonly operation: Operation }

export interface OperationsStore {
  operation(id: OperationId): Operation | undefined
  /** Newest first, with ids below `before`. */
  operations(filter: OperationFilter, before: OperationId | undefined, limit: number): readonly Operation[]
  /** Queued and sent ones of a device in the order they are to be sent: priority, then id. */
  openOperations(deviceId: DeviceId, limit: number): readonly Operation[]
  byIdempotencyKey(deviceId: DeviceId, key: string): Operation | undefined
  /** Highest id ever given, 0 where there is none. */
  lastOperationId(): OperationId
}
