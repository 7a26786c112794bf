/**
 * One step of an update while it is being taken: the row as it will be, what is to be asked of the
 * device, and the few moves every state shares. Decides nothing by itself.
 */
import { invariant } from '../../base/errors.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { valueOfImage, type OperationDraft, type OperationKind } from '../operations/types.ts'
import { wordsOf } from './results.ts'
import { downloading, targetOf, type Target } from './targets.ts'
import {
  limitsOf,
  packageHashOf,
  type FirmwareReport,
  type FirmwareUpdate,
  type HealthGate,
  type UpdateFailure,
} from './types.ts'

/** What the step of one device depends on besides its update. */
export interface FirmwareRules {
  /** What the device is told to fetch: at most 127 characters, no query (devices.md §4). */
  readonly packageUri: string
  /** Why it cannot fetch the way the operator wants. */
  readonly obstacle?: string
  /** Of the device's network profile: how long it may be silent after the install command. */
  readonly rebootGrace: Duration
  /** Silence before that is nothing a device can be blamed for. */
  readonly listeningSince: Instant
  /** Knob `firmware.stall`: how long a begun update may go without progress. */
  readonly stall: Duration
  /** Knob `firmware.attempts`. */
  readonly attempts: number
  /** Knobs `firmware.backoff`, `firmware.backoff-limit`: the first wait after a setback, and the longest. */
  readonly backoff: Duration
  readonly backoffLimit: Duration
  /** Knobs `firmware.health-window` and `firmware.health-uplinks`. */
  readonly health: HealthGate
  /** What it told of its hardware (/3/0/18), whenever that was. */
  readonly hardware?: string
  readonly isRegistered: boolean
  /** `1.0`, `1.1`, …; of the last registration. */
  readonly lwm2mVersion: string
}

export type FirmwareAction =
  /** Unless an open operation of origin firmware has the same kind, path and value already. */
  | { readonly action: 'ask'; readonly draft: OperationDraft }
  /** Operations of origin firmware are wanted no more, unless they are with the device; their end is no input. */
  | { readonly action: 'withdraw' }

export interface FirmwareStep {
  /** The same object where nothing changed. */
  readonly next: FirmwareUpdate
  /** In the order they are to be carried out. */
  readonly actions: readonly FirmwareAction[]
}

/** One zero octet: resets an object 5 that takes packages by push only. */
export const nulPackage = '00'

export class Course implements FirmwareStep {
  next: FirmwareUpdate
  readonly actions: FirmwareAction[] = []
  readonly target: Target
  readonly now: Instant
  readonly rules: FirmwareRules

  constructor(update: FirmwareUpdate, now: Instant, rules: FirmwareRules) {
    const target = targetOf(update.target)
    invariant(target !== undefined, `'${update.target}' takes no packages`)
    this.target = target
    this.next = update
    this.now = now
    this.rules = rules
  }

  /** What the device reported since its registration. */
  get seen(): FirmwareReport {
    return this.next.seen ?? {}
  }

  get health(): HealthGate {
    return { ...this.rules.health, ...this.next.options?.health }
  }

  change(part: Partial<FirmwareUpdate>): void {
    this.next = { ...this.next, ...part, changedAt: this.now }
  }

  ask(kind: OperationKind, path: string, value?: string, deadline = this.stallsAt): void {
    const draft: OperationDraft = { kind, path, deadline, origin: 'firmware' }
    this.actions.push({ action: 'ask', draft: value === undefined ? draft : { ...draft, value } })
  }

  /** Looks at everything that says how the update stands. */
  look(): void {
    if (this.target.running !== undefined) this.ask('read', this.target.running)
    const isAsked = this.next.state === 'pending' && this.rules.hardware === undefined
    if (isAsked && limitsOf(this.next).length > 0) this.ask('read', hardwarePath)
    this.ask('read', this.target.path)
  }

  /** A begun update has until then to make progress. */
  get stallsAt(): Instant {
    return after(this.now, this.rules.stall)
  }

  /** Hands the package over: told where to fetch it, or written. */
  offer(): void {
    const { options } = this.next
    const pushes = options?.push === true || this.seen.delivery === pushOnly
    // What it holds of a push that broke off is gone on with.
    const restarts = pushes && this.seen.state !== downloading
    this.change({ delivery: pushes ? 'push' : 'pull', ...(restarts ? { fetched: 0 } : {}) })
    if (pushes) this.ask('write', this.target.package, valueOfImage(packageHashOf(this.next)))
    else this.ask('write', this.target.uri, this.rules.packageUri)
  }

  toOffered(): void {
    this.change({
      state: 'offered',
      registrationAtOffer: this.next.registration ?? '',
      dueAt: this.stallsAt,
    })
  }

  toDownloading(): void {
    this.change({ state: 'downloading', dueAt: this.stallsAt })
  }

  /** Downloaded is where the device waits for the install command. */
  toDownloaded(): void {
    this.change({ state: 'downloaded', dueAt: this.stallsAt })
    this.install()
  }

  /** Once, until it is known what came of it; within a window where there are some, or else in the next. */
  install(): void {
    if (this.next.installCommand === 'asked') return
    const openings = this.next.options?.installWithin
    const opening = openings?.find(({ until }) => until > this.now)
    if (openings !== undefined && opening === undefined) {
      this.fail('stalled', 'its window did not open again in time to install')
    } else if (opening !== undefined && opening.from > this.now) {
      this.change({ dueAt: opening.from, reason: 'waits for its window to install' })
    } else {
      this.change({ installCommand: 'asked' })
      // A device that wakes when the window is over is not told any more.
      this.ask('execute', this.target.install, undefined, opening?.until)
    }
  }

  forgetInstall(): void {
    const { installCommand: _, ...rest } = this.next
    if (_ !== undefined) this.next = rest
  }

  toUpdating(): void {
    this.forgetInstall()
    this.change({
      state: 'updating',
      registrationAtUpdate: this.next.registration ?? '',
      dueAt: after(this.now, this.rules.rebootGrace),
    })
  }

  /** Counts a setback; false where it was one too many and the update has failed of it. */
  spendAttempt(failure: UpdateFailure, why = wordsOf(failure)): boolean {
    const attempts = (this.next.attempts ?? 0) + 1
    if (attempts > this.rules.attempts) {
      this.fail(failure, `${why}; given up after ${this.rules.attempts} more attempts`)
      return false
    }
    this.change({ attempts })
    return true
  }

  /** The package did not arrive: it is offered again, at once, once it is known how things stand, or after a while. */
  offerAgain(failure: UpdateFailure, why: string, when: 'now' | 'seen' | 'later'): void {
    if (!this.spendAttempt(failure, why)) return
    const next = after(this.now, this.#backoff())
    const { givenUpAt } = this.next.options ?? {}
    if (when === 'later' && givenUpAt !== undefined && next >= givenUpAt) {
      this.fail(failure, `${why}; no time is left for another attempt`)
      return
    }
    this.forgetInstall()
    const { dueAt: _, ...rest } = this.next
    this.next = { ...rest, state: 'pending', reason: why }
    if (when === 'now') this.offer()
    else if (when === 'seen') this.look()
    else this.change({ dueAt: next })
  }

  /** What the device holds is no package of this update. */
  forgetOffer(): void {
    const { registrationAtOffer: _, ...rest } = this.next
    this.next = { ...rest, fetched: 0 }
  }

  waitNoMore(): void {
    const { dueAt: _, ...rest } = this.next
    this.next = { ...rest, changedAt: this.now }
  }

  #backoff(): Duration {
    const { backoff, backoffLimit } = this.rules
    return milliseconds(Math.min(backoffLimit, backoff * 4 ** ((this.next.attempts ?? 1) - 1)))
  }

  fail(failure: UpdateFailure, reason = wordsOf(failure)): void {
    this.change({ failure })
    this.finish('failed', reason)
  }

  finish(state: 'confirmed' | 'failed' | 'cancelled' | 'gone', reason?: string): void {
    this.forgetInstall()
    const { dueAt: _, reason: __, ...rest } = this.next
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

/** Hardware Version, what images may be limited to. */
const hardwarePath = '/3/0/18'

/** Values of /5/0/9: a device that only fetches, and one that takes packages by push alone. */
export const pullOnly = 0
export const pushOnly = 1
