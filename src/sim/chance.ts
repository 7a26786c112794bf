/**
 * Repeatable chance: generators derived from one seed by name, so that one more throw in one place
 * changes nothing in another, and the distributions a fleet is drawn from (devices.md §6).
 */
import { SeededRandom, type Random } from '../base/random.ts'

/** The generator of `name` under `seed`; the same pair gives the same numbers for ever. */
export function chanceOf(seed: number, name: string): SeededRandom {
  // FNV-1a, 32 bits
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0
  return new SeededRandom((hash ^ Math.imul(seed, 0x9e3779b9)) >>> 0)
}

/** True once in `1 / probability` times. */
export function happens(chance: Random, probability: number): boolean {
  return probability > 0 && chance.fraction() < probability
}

/** Standard normal (Box–Muller, one of the pair). */
function normal(chance: Random): number {
  return Math.sqrt(-2 * Math.log(1 - chance.fraction())) * Math.cos(2 * Math.PI * chance.fraction())
}

export function lognormal(chance: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(chance))
}

export function exponential(chance: Random, mean: number): number {
  return -mean * Math.log(1 - chance.fraction())
}

/** In 0–1, as machines come back to a network that was away: Beta(3, 4) of 3GPP TR 37.868, model 2. */
export function returning(chance: Random): number {
  const gamma = (shape: number): number => {
    let sum = 0
    for (let i = 0; i < shape; i++) sum += exponential(chance, 1)
    return sum
  }
  const early = gamma(3)
  return early / (early + gamma(4))
}

export function between(chance: Random, low: number, high: number): number {
  return low + (high - low) * chance.fraction()
}

/** One of `choices`, which must not be empty. */
export function pick<T>(chance: Random, choices: readonly T[]): T {
  return choices[Math.floor(chance.fraction() * choices.length)]!
}

/** One of `choices` by weight. */
export function weighted<T>(chance: Random, choices: readonly (readonly [T, number])[]): T {
  let left = chance.fraction() * choices.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [choice, weight] of choices) {
    left -= weight
    if (left < 0) return choice
  }
  return choices.at(-1)![0]
}
