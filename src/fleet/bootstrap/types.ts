/**
 * Bootstrapping: templates say what a device is to hold, a run brings one device there. A run is durable step by
 * step; keys in either are sealed, and a run that is over has none left.
 */
import type { Instant } from '../../base/time.ts'
import type { InstanceContent } from '../../lwm2m/bootstrap/messages.ts'
import type { WriteJson } from '../../lwm2m/content-json.ts'
import type { EndpointName } from '../registry/types.ts'

/** A fixed number, or a range each device draws its own from, both ends in it. */
export type Spread = number | { readonly from: number; readonly to: number }

/** How a device behaves towards a server, /1/x/13–20. */
export interface RegistrationBehaviour {
  /** /13 */
  readonly order?: number
  /** /14, seconds. */
  readonly initialDelay?: Spread
  /** /15 */
  readonly blockOnFailure?: boolean
  /** /16 */
  readonly bootstrapOnFailure?: boolean
  /** /17 */
  readonly retries?: Spread
  /** /18, seconds. */
  readonly retryTimer?: Spread
  /** /19, seconds. */
  readonly sequenceDelay?: Spread
  /** /20 */
  readonly sequenceRetries?: Spread
}

/** Where the key for a server comes from. */
export type KeySource =
  /** Ours: made for each device and kept as its credential. */
  | { readonly from: 'issued' }
  /** Of a server of somebody else: HMAC-SHA256 of the identity under a master key, its first 16 octets. */
  | { readonly from: 'master'; readonly sealed: string; readonly fingerprint: string }
  /** One for all devices. */
  | { readonly from: 'fixed'; readonly sealed: string; readonly fingerprint: string }

export interface ServerTemplate {
  /** `self` is this server, by its public URI. */
  readonly uri: string
  /** 1–65534. */
  readonly shortId: number
  readonly security: 'psk' | 'none'
  /** PSK identity; `{endpoint}` stands for the name. */
  readonly identity: string
  /** psk only. */
  readonly key?: KeySource
  /** Seconds. */
  readonly lifetime: number
  readonly binding: string
  readonly storeNotifications: boolean
  readonly registration: RegistrationBehaviour
  /** Other resources of the Security and the Server instance, by id. */
  readonly securityResources: Readonly<Record<string, WriteJson>>
  readonly serverResources: Readonly<Record<string, WriteJson>>
}

/** One instance of object 2. */
export interface AccessTemplate {
  readonly object: number
  readonly instance: number
  /** Short server id. */
  readonly owner: number
  /** Rights by short server id, 0 for all others: the bits of /2/x/2. */
  readonly rights: Readonly<Record<string, number>>
}

export interface BootstrapTemplate {
  readonly name: string
  /** All that is named must hold; nothing named is for everybody. */
  readonly for: {
    readonly product?: string
    readonly tags: Readonly<Record<string, string>>
    /** What the endpoint name begins with. */
    readonly endpoint?: string
  }
  readonly servers: readonly ServerTemplate[]
  readonly accessControl: readonly AccessTemplate[]
  /** Further instances. */
  readonly instances: readonly InstanceContent[]
  /** Deleted besides what the accounts of servers take: `/`, `/5`, `/11/0`. */
  readonly delete: readonly string[]
  /** Content format of writes, whatever the device prefers. */
  readonly format?: number
  /** One message an instance, or one an object. */
  readonly writes: 'instance' | 'object'
  /** Reads the Server object back before it is finished. */
  readonly verify: boolean
  /** Where the bootstrap account sits on a device that does not tell. */
  readonly assumedAccount: number
  readonly changedAt: Instant
}

export const stepKinds = ['discover', 'delete', 'write', 'read', 'finish', 'pack'] as const
export type StepKind = (typeof stepKinds)[number]

export const stepStates = ['pending', 'done', 'skipped', 'failed'] as const
export type StepState = (typeof stepStates)[number]

export interface BootstrapStep {
  readonly kind: StepKind
  readonly path: string
  readonly state: StepState
  /** Indexes into the run's content; write only. */
  readonly writes?: readonly number[]
  /** `2.04` */
  readonly code?: string
  readonly at?: Instant
  /** For people. */
  readonly detail?: string
}

/** An instance to be written; its number is known once the device has said what it holds. */
export interface PlannedInstance {
  readonly object: number
  /** Absent for accounts of servers: any that is free. */
  readonly instance?: number
  readonly resources: Readonly<Record<string, WriteJson>>
  /** The sealed key that belongs into resource 5. */
  readonly sealedKey?: string
}

export const runStates = ['running', 'finished', 'failed'] as const
export type RunState = (typeof runStates)[number]

export interface BootstrapRun {
  readonly id: number
  readonly endpoint: EndpointName
  readonly template: string
  readonly state: RunState
  readonly secured: boolean
  readonly address: string
  readonly port: number
  /** Content formats left to try, that in use first. */
  readonly formats: readonly number[]
  readonly writes: 'instance' | 'object'
  readonly verify: boolean
  readonly assumedAccount: number
  readonly delete: readonly string[]
  /** Emptied when the run is over. */
  readonly content: readonly PlannedInstance[]
  readonly steps: readonly BootstrapStep[]
  /** Without what 1.0 does not know: /1/x/9 and above. */
  readonly lean?: true
  /** What the device said to the first write in the formats tried so far, where it was not about the format: ` (5.00)`. */
  readonly refused?: string
  /** Enabler version the device named. */
  readonly enabler?: string
  /** Times the device has asked, from 1. */
  readonly attempts: number
  /** The credential it was given for this server. */
  readonly credential?: number
  readonly startedAt: Instant
  readonly heardAt: Instant
  /** The pending step went unanswered as often since the device was heard. */
  readonly unanswered?: number
  readonly finishedAt?: Instant
  /** Why it failed, a sentence. */
  readonly reason?: string
}

/** A run for lists. */
export type RunFilter = { readonly endpoint?: EndpointName; readonly failed?: boolean }
