/**
 * What an answer of a device, or its silence, means for the operation that asked: decided while the
 * message is at hand, so that nothing of it has to be kept.
 */
import type { OperationReason } from '../fleet/operations/types.ts'

export type OperationAnswer =
  | {
      readonly answer: 'acknowledged'
      readonly code: string
      readonly result?: unknown
      readonly quirks: readonly string[]
    }
  | {
      readonly answer: 'failed'
      readonly reason: OperationReason
      readonly detail: string
      readonly code?: string
      readonly result?: unknown
      readonly quirks: readonly string[]
    }
  /** The device may never have heard it: ask again when it wakes, if that is safe. */
  | {
      readonly answer: 'unheard'
      readonly reason: 'device-asleep' | 'device-offline'
      readonly quirks: readonly string[]
    }
