/**
 * The one clock of a simulated world and the line of what is to happen on it. Knows nothing of what
 * happens; time moves only from one happening to the next.
 */
import { DeadlineQueue, type Deadlined } from '../base/deadline-queue.ts'
import { invariant } from '../base/errors.ts'
import { never, type Instant } from '../base/time.ts'

/** Something that happens at its deadline; it may be set again, earlier or later, and cleared. */
export interface Happening extends Deadlined {
  happen(now: Instant): void
}

export class Timeline {
  readonly #queue = new DeadlineQueue<Happening>()
  #now: Instant
  #steps = 0

  constructor(start: Instant) {
    this.#now = start
  }

  get now(): Instant {
    return this.#now
  }

  /** Happenings so far. */
  get steps(): number {
    return this.#steps
  }

  /** Happenings to come. */
  get pending(): number {
    return this.#queue.size
  }

  nextAt(): Instant {
    return this.#queue.next()
  }

  /** Sets or moves it; what is already past happens next. */
  set(happening: Happening, at: Instant): void {
    if (at === never) this.#queue.clear(happening)
    else this.#queue.set(happening, at < this.#now ? this.#now : at)
  }

  clear(happening: Happening): void {
    this.#queue.clear(happening)
  }

  /** Lets the next thing happen; false where nothing is to come at or before `until`. */
  step(until: Instant): boolean {
    const at = this.#queue.next()
    if (at > until || at === never) return false
    invariant(at >= this.#now, 'time runs forwards')
    this.#now = at
    this.#steps++
    this.#queue.takeDue(at)!.happen(at)
    return true
  }

  /** Moves the clock where nothing happens any more before `instant`. */
  rest(instant: Instant): void {
    invariant(instant <= this.#queue.next(), 'nothing is slept through')
    if (instant > this.#now) this.#now = instant
  }
}

/** A happening that does what it was made with. */
export class Timer implements Happening {
  deadline: Instant = never
  deadlineSlot = -1
  readonly happen: (now: Instant) => void

  constructor(happen: (now: Instant) => void) {
    this.happen = happen
  }

  get isSet(): boolean {
    return this.deadlineSlot >= 0
  }
}
