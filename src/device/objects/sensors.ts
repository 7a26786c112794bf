/**
 * What the virtual device measures: a battery that drains, a signal that wobbles, a temperature that
 * swings. Repeatable from the seed; time is handed in.
 */
import type { Random } from '../../base/random.ts'
import { between, minutes, seconds, type Duration, type Instant } from '../../base/time.ts'

export interface Readings {
  /** Percent, 0–100. */
  readonly batteryLevel: number
  /** Millivolts of the battery. */
  readonly batteryVoltage: number
  /** Milliamperes now drawn. */
  readonly batteryCurrent: number
  /** dBm. */
  readonly signalStrength: number
  /** Degrees Celsius, one decimal. */
  readonly temperature: number
  readonly coldest: number
  readonly warmest: number
}

/** One swing of the temperature; short enough to be seen by someone who watches. */
const temperaturePeriod: Duration = minutes(5)
/** One percent of battery goes in this time: far faster than in the field, so that it shows. */
const batteryPercentTime: Duration = seconds(30)
const fullBattery = 100
/** A drained battery is taken for recharged, else every long-lived demonstration ends at 0 %. */
const emptyBattery = 5

export class Sensors {
  readonly #random: Random
  readonly #typicalSignal: number
  readonly #start: Instant
  readonly #phase: number
  #signal: number
  #now: Instant
  #coldest = Number.POSITIVE_INFINITY
  #warmest = Number.NEGATIVE_INFINITY

  /** `typicalSignal`: dBm around which the signal wobbles. */
  constructor(random: Random, typicalSignal: number, now: Instant) {
    this.#random = random
    this.#typicalSignal = typicalSignal
    this.#start = now
    this.#now = now
    this.#signal = typicalSignal
    this.#phase = random.fraction()
    this.measure(now)
  }

  measure(now: Instant): void {
    this.#now = now
    const pull = (this.#typicalSignal - this.#signal) / 4
    this.#signal += pull + (this.#random.fraction() - 0.5) * 4
    const temperature = this.#temperature()
    this.#coldest = Math.min(this.#coldest, temperature)
    this.#warmest = Math.max(this.#warmest, temperature)
  }

  resetExtremes(): void {
    this.#coldest = this.#warmest = this.#temperature()
  }

  readings(): Readings {
    const used = between(this.#start, this.#now) / batteryPercentTime
    const batteryLevel = fullBattery - (Math.floor(used) % (fullBattery - emptyBattery))
    return {
      batteryLevel,
      batteryVoltage: 3000 + batteryLevel * 6,
      batteryCurrent: 18,
      signalStrength: Math.round(this.#signal),
      temperature: this.#temperature(),
      coldest: this.#coldest,
      warmest: this.#warmest,
    }
  }

  #temperature(): number {
    const turns = between(this.#start, this.#now) / temperaturePeriod + this.#phase
    return Math.round((21 + 4 * Math.sin(2 * Math.PI * turns)) * 10) / 10
  }
}
