/**
 * What an answer of a device, or its silence, means for the operation that asked: decided while the
 * message is at hand, so that nothing of it has to be kept.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Duration } from '../base/time.ts'
import type { OperationReason } from '../fleet/operations/types.ts'
import type { FormatMemory } from '../lwm2m/management/device-view.ts'

interface Shown {
  readonly quirks: readonly string[]
  /** Where there are quirks: what the device sent, its first octets. */
  readonly example?: Bytes
  /** The device's formats as known from now on, where the answer changed that. */
  readonly formats?: FormatMemory
}

export type OperationAnswer =
  | (Shown & {
      readonly answer: 'acknowledged'
      readonly code: string
      readonly result?: unknown
    })
  | (Shown & {
      readonly answer: 'failed'
      readonly reason: OperationReason
      readonly detail: string
      readonly code?: string
      /** Max-Age of the answer. */
      readonly retryAfter?: Duration
      readonly result?: unknown
    })
  /** 4.06: the device wants to choose the format itself, so it is asked once more and may. */
  | (Shown & { readonly answer: 'ask-again' })
  /** The device may never have heard it: ask again when it wakes, if that is safe. */
  | (Shown & { readonly answer: 'unheard'; readonly reason: 'device-asleep' | 'device-offline' })
