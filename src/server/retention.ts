/**
 * Forgets what is kept for long enough: campaigns and their devices, finished updates. A little in each commit, and
 * a pause in between, so that devices never wait for it. What is kept for how long is knobs; events and operations
 * are trimmed where they are written.
 */
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { instantOf, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { CampaignsStore } from '../fleet/campaigns/store.ts'
import { nextForgotten, removalOf } from '../fleet/campaigns/retention.ts'
import type { EventDraft } from '../fleet/events/types.ts'
import type { FirmwareStore } from '../fleet/firmware/store.ts'
import type { StoreOp } from '../fleet/store.ts'

export type RetentionSettings = Pick<
  Settings,
  'campaigns.kept' | 'campaigns.kept-for' | 'campaigns.devices-kept-for' | 'firmware.updates-kept-for'
>

export interface RetentionParts {
  readonly store: Pick<CampaignsStore & FirmwareStore, keyof CampaignsStore | 'updatesBegunBefore'>
  readonly commit: (ops: readonly StoreOp[], events: readonly EventDraft[]) => void
  readonly now: () => Instant
  readonly settings: RetentionSettings
  readonly log: Log
}

/** Milliseconds: from one look at everything to the next, and between two commits of one. */
const passEvery = 600_000
const stepEvery = 50
/** Updates looked at in one step. */
const slice = 500

export class Retention {
  readonly #parts: RetentionParts
  /** The last update looked at in this pass. */
  #looked = 0
  #timer: NodeJS.Timeout | undefined

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** The returned function stops it for good. */
  start(): () => void {
    this.#wait(stepEvery)
    return () => clearTimeout(this.#timer)
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#wait(this.#turn() ? stepEvery : passEvery), milliseconds)
    this.#timer.unref()
  }

  #turn(): boolean {
    try {
      return this.step()
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      this.#parts.log.warn(
        { code: error.code, error: error.message },
        'what is old is kept until the store takes writes',
      )
      return false
    }
  }

  /** Forgets a little; true where more is to be done soon. Throws EnvironmentError. */
  step(): boolean {
    return this.#stepOfCampaigns() || this.#stepOfUpdates()
  }

  #stepOfCampaigns(): boolean {
    const { store, commit, settings } = this.#parts
    const now = this.#parts.now()
    const next = nextForgotten(store, {
      kept: settings['campaigns.kept'],
      since: instantOf(now - settings['campaigns.kept-for']),
      devicesSince: instantOf(now - settings['campaigns.devices-kept-for']),
    })
    if (next === undefined) return false
    commit(next.ops, next.removed === undefined ? [] : [removalOf(next.removed, 'retention')])
    return true
  }

  #stepOfUpdates(): boolean {
    const { store, commit, settings } = this.#parts
    const before = instantOf(this.#parts.now() - settings['firmware.updates-kept-for'])
    const after = this.#looked
    const upTo = store.updatesBegunBefore(before, after, slice)
    this.#looked = upTo ?? 0
    if (upTo === undefined) return false
    commit([{ op: 'update.forget', after, upTo, before }], [])
    return true
  }
}
