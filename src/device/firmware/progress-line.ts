/** Tells of a transfer now and then: at its start, each twentieth of it, and at its end. */
import type { Narrator } from '../narrator.ts'

const steps = 20
/** Without a known total, a line each so many octets. */
const unknownTotalStep = 8192

export class ProgressLine {
  readonly #narrator: Narrator
  #shown = -1

  constructor(narrator: Narrator) {
    this.#narrator = narrator
  }

  show(received: number, total: number | undefined, blockSize: number | undefined): void {
    const step = Math.floor(total === undefined ? received / unknownTotalStep : (received / total) * steps)
    if (step === this.#shown) return
    this.#shown = step
    const share = total === undefined ? '' : `${String(Math.floor((received / total) * 100)).padStart(3)} %  `
    const of = total === undefined ? '' : ` of ${total}`
    const blocks = blockSize === undefined ? '' : ` in blocks of ${blockSize}`
    this.#narrator.happened(`firmware  ${share}${received}${of} octets${blocks}`)
  }
}
