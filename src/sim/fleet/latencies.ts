/** How long things took, as a histogram of fixed size: steps of five percent, from a millisecond to a day. */

const ratio = Math.log(1.05)
/** Above 1.05^400 ms, 83 hours, everything is one. */
const steps = 400

export class Latencies {
  readonly #counts = new Uint32Array(steps)
  #total = 0

  get count(): number {
    return this.#total
  }

  /** Milliseconds. */
  add(took: number): void {
    const step = took <= 1 ? 0 : Math.min(Math.floor(Math.log(took) / ratio), steps - 1)
    this.#counts[step]!++
    this.#total++
  }

  /** Milliseconds within which `share` of all were done, to five percent; undefined where there were none. */
  quantile(share: number): number | undefined {
    if (this.#total === 0) return undefined
    let left = share * this.#total
    for (let step = 0; step < steps; step++) {
      left -= this.#counts[step]!
      if (left <= 0) return Math.exp((step + 0.5) * ratio)
    }
    return Math.exp(steps * ratio)
  }
}
