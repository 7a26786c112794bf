/** A template as an operator writes it: much may be left out, keys are plain, ranges are `30..90`. */
import type { WriteJson } from '../../lwm2m/content-json.ts'

export type SpreadDraft = number | string

export interface RegistrationDraft {
  readonly order?: number
  readonly initialDelay?: SpreadDraft
  readonly blockOnFailure?: boolean
  readonly bootstrapOnFailure?: boolean
  readonly retries?: SpreadDraft
  readonly retryTimer?: SpreadDraft
  readonly sequenceDelay?: SpreadDraft
  readonly sequenceRetries?: SpreadDraft
}

export interface ServerDraft {
  readonly uri: string
  readonly shortId: number
  readonly security?: 'psk' | 'none'
  readonly identity?: string
  readonly masterKey?: string
  readonly key?: string
  readonly lifetime?: number
  readonly binding?: string
  readonly storeNotifications?: boolean
  readonly registration?: RegistrationDraft
  readonly securityResources?: Readonly<Record<string, unknown>>
  readonly serverResources?: Readonly<Record<string, unknown>>
}

export const rights = ['read', 'write', 'execute', 'delete', 'create'] as const
export type Right = (typeof rights)[number]

export interface AccessDraft {
  readonly object: number
  readonly instance: number
  readonly owner: number
  readonly rights: Readonly<Record<string, readonly Right[]>>
}

export interface TemplateDraft {
  readonly for?: {
    readonly product?: string
    readonly tags?: Readonly<Record<string, string>>
    readonly endpoint?: string
  }
  readonly servers: readonly ServerDraft[]
  readonly accessControl?: readonly AccessDraft[]
  /** By path: `/11/0`. */
  readonly instances?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly delete?: readonly string[]
  readonly format?: string
  readonly writes?: 'instance' | 'object'
  readonly verify?: boolean
  readonly assumedAccount?: number
}

/** Values as `entriesOfJson` takes them; undefined where one is none. */
export type Values = Readonly<Record<string, WriteJson>>
