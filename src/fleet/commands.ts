/**
 * What an operator asks that changes something. A command takes the same road as a device's message: it
 * is one more input of the device's actor, committed before it is answered.
 */
import type { Begin } from './campaigns/store.ts'
import type { CampaignId } from './campaigns/types.ts'
import type { UpdateWish } from './firmware/rules.ts'
import type { FirmwareFetch, FirmwareUpdate } from './firmware/types.ts'
import type { OperationDraft, Operation, OperationId } from './operations/types.ts'
import type { Precondition } from './precondition.ts'
import type { DeviceWithStatus, EndpointName } from './registry/types.ts'
import type { ProfileName } from '../config/profiles.ts'

export interface DevicePatch {
  /** null takes the value away, absent leaves it. */
  readonly product?: string | null
  /** Tag by tag: null takes one away. */
  readonly tags?: Readonly<Record<string, string | null>>
  readonly profile?: ProfileName | null
  readonly retired?: boolean
  /** It waited to be accepted, and is. */
  readonly quarantined?: false
}

export interface PutWish {
  /** Else the device is created where there is none. */
  readonly mustExist: boolean
  /** What the patch does not name is taken away. */
  readonly replaces?: boolean
  readonly precondition?: Precondition
}

export type Command =
  | ({ readonly command: 'device.put'; readonly endpoint: EndpointName; readonly patch: DevicePatch } & PutWish)
  | { readonly command: 'device.delete'; readonly endpoint: EndpointName; readonly precondition?: Precondition }
  /** Holds the device against the observation rules in force. */
  | { readonly command: 'device.observe'; readonly endpoint: EndpointName }
  /** JSON text; undefined takes it away. */
  | {
      readonly command: 'configuration.set'
      readonly endpoint: EndpointName
      readonly document: string | undefined
      readonly precondition?: Precondition
    }
  | { readonly command: 'operation.submit'; readonly endpoint: EndpointName; readonly draft: OperationDraft }
  | { readonly command: 'operation.cancel'; readonly endpoint: EndpointName; readonly id: OperationId }
  | ({
      readonly command: 'firmware.start'
      readonly endpoint: EndpointName
      /** The campaign that begins it: kept with the campaign in the same commit. */
      readonly campaign?: { readonly id: CampaignId; readonly begin: Begin }
    } & UpdateWish)
  | { readonly command: 'firmware.cancel'; readonly endpoint: EndpointName }
  /** Octets of its image have reached the device by another way than CoAP. */
  | { readonly command: 'firmware.fetched'; readonly endpoint: EndpointName; readonly fetch: FirmwareFetch }

export interface CommandResults {
  'device.put': DeviceWithStatus
  'device.delete': undefined
  'device.observe': undefined
  'configuration.set': undefined
  'operation.submit': Operation
  'operation.cancel': Operation
  'firmware.start': FirmwareUpdate
  'firmware.cancel': FirmwareUpdate
  'firmware.fetched': undefined
}

export type CommandResult<C extends Command> = CommandResults[C['command']]

export interface Commands {
  /**
   * Resolves when the effect is durable. Rejects with UsageError ('device.unknown' 404 with the member
   * `similar`, 'operation.path' 422, 'operation.value' 422, 'operation.queue-full' 409, 'firmware.busy'
   * 409, 'precondition.failed' 412, …) or EnvironmentError ('store.full', 'store.unavailable': the API's 503).
   */
  submit<C extends Command>(command: C): Promise<CommandResult<C>>
}
