/** A sleep that can be cut short: the device waits for its next Update, a trigger or the end of its power. */
import type { Duration } from '../base/time.ts'

export class Alarm {
  #wake: (() => void) | undefined

  /** Resolves after `wait`, or when rung. One sleeper at a time. */
  sleep(wait: Duration): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(finish, wait)
      this.#wake = finish
    })
  }

  ring(): void {
    this.#wake?.()
  }
}
