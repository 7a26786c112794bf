/**
 * One step of an update while it is being taken: the row as it will be, what is to be asked of the
 * device, and the few moves every state shares. Decides nothing by itself.
 */
import { after, type Duration, type Instant } from '../../base/time.ts'
import type { OperationDraft, OperationKind } from '../operations/types.ts'
import type { FirmwareReport, FirmwareUpdate, UpdateState } from './types.ts'

export const objectPath = '/5/0'
export const packageUriPath = '/5/0/1'
export const updatePath = '/5/0/2'
export const statePath = '/5/0/3'
export const resultPath = '/5/0/5'
export const firmwareVersionPath = '/3/0/3'

/** What the step of one device depends on besides its update. */
export interface FirmwareRules {
  /** What the device is told to fetch: at most 127 characters, no query (devices.md §4). */
  readonly packageUri: string
  /** Of the device's network profile: how long it may be silent after the install command. */
  readonly rebootGrace: Duration
  /** Knob `firmware.stall`: how long a begun update may go without progress. */
  readonly stall: Duration
  /** Knob `firmware.attempts`. */
  readonly attempts: number
}

export type FirmwareAction =
  /** Unless an open operation of origin firmware has the same kind, path and value already. */
  | { readonly action: 'ask'; readonly draft: OperationDraft }
  /** Operations of origin firmware that were not sent yet are wanted no more; their end is no input. */
  | { readonly action: 'withdraw' }

export interface FirmwareStep {
  /** The same object where nothing changed. */
  readonly next: FirmwareUpdate
  /** In the order they are to be carried out. */
  readonly actions: readonly FirmwareAction[]
}

export class Course implements FirmwareStep {
  next: FirmwareUpdate
  readonly actions: FirmwareAction[] = []
  readonly now: Instant
  readonly rules: FirmwareRules

  constructor(update: FirmwareUpdate, now: Instant, rules: FirmwareRules) {
    this.next = update
    this.now = now
    this.rules = rules
  }

  /** What the device reported since its registration. */
  get seen(): FirmwareReport {
    return this.next.seen ?? {}
  }

  change(part: Partial<FirmwareUpdate>): void {
    this.next = { ...this.next, ...part, changedAt: this.now }
  }

  ask(kind: OperationKind, path: string, value?: string): void {
    const deadline = after(this.now, this.rules.stall)
    const draft: OperationDraft = { kind, path, deadline, origin: 'firmware' }
    this.actions.push({ action: 'ask', draft: value === undefined ? draft : { ...draft, value } })
  }

  /** A begun update has until then to make progress. */
  get stallsAt(): Instant {
    return after(this.now, this.rules.stall)
  }

  offer(): void {
    this.ask('write', packageUriPath, this.rules.packageUri)
  }

  toDownloading(): void {
    this.change({ state: 'downloading', confirmBy: this.stallsAt })
  }

  /** Downloaded is where the device waits for the install command. */
  toDownloaded(): void {
    this.change({ state: 'downloaded', confirmBy: this.stallsAt })
    this.ask('execute', updatePath)
  }

  toUpdating(): void {
    this.change({
      state: 'updating',
      registrationAtUpdate: this.next.registration ?? '',
      confirmBy: after(this.now, this.rules.rebootGrace),
    })
  }

  /** Counts a setback; false where it was one too many and the update has failed of it. */
  spendAttempt(why: string): boolean {
    const attempts = (this.next.attempts ?? 0) + 1
    if (attempts > this.rules.attempts) {
      this.finish('failed', `${why}; given up after ${this.rules.attempts} more attempts`)
      return false
    }
    this.change({ attempts })
    return true
  }

  /** The device holds nothing of ours any more: the package URI is written again. */
  offerAgain(why: string): void {
    if (!this.spendAttempt(why)) return
    const { confirmBy: _, ...rest } = this.next
    this.next = { ...rest, state: 'pending', reason: why }
    this.offer()
  }

  finish(state: Extract<UpdateState, 'confirmed' | 'failed' | 'cancelled'>, reason?: string): void {
    const { confirmBy: _, reason: __, ...rest } = this.next
    this.next = {
      ...rest,
      state,
      changedAt: this.now,
      finishedAt: this.now,
      ...(reason === undefined ? {} : { reason }),
    }
    this.actions.length = 0
    this.actions.push({ action: 'withdraw' })
  }
}
