/**
 * What one device of a scenario is: its personality, its network and what goes wrong with it, drawn by
 * chance. Intervals may be compressed, so that a day of a fleet fits into minutes of a running server;
 * what servers have timers for (round trips, repetition, radio windows) never is.
 */
import type { Random } from '../../base/random.ts'
import { milliseconds, seconds, type Duration } from '../../base/time.ts'
import { happens, weighted } from '../chance.ts'
import type { Frailty } from '../devices/parts.ts'
import { personalities, type PersonalityName } from '../devices/personalities.ts'
import type { Personality } from '../devices/personality.ts'
import type { RadioKind } from '../devices/radio.ts'
import { linkQualities, type LinkQuality } from '../link-quality.ts'
import type { NetworkTuning, Scenario } from '../scenario/scenario.ts'

export interface Individual {
  readonly personality: Personality
  readonly quality: LinkQuality
  readonly frailty: Frailty
  /** Undefined: no connection id over DTLS. */
  readonly hasConnectionId: boolean
  /** Its translator forgets it that often, besides what silence does. */
  readonly rebindsEvery: Duration | undefined
  /** It is in the region whose power fails. */
  readonly isInRegion: boolean
}

/** Draws devices of a scenario. */
export class Population {
  readonly #scenario: Scenario
  /** What all devices of one personality have in common. */
  readonly #kinds: ReadonlyMap<PersonalityName, Pick<Individual, 'personality' | 'quality'>>

  /** `compress`: how many times shorter their intervals are. */
  constructor(scenario: Scenario, compress: number) {
    this.#scenario = scenario
    this.#kinds = new Map(
      scenario.mix.map(([name]) => {
        const usual = personalities[name]
        const tuning = scenario.networks[usual.network] ?? {}
        const personality = compressed({ ...usual, radio: tunedRadio(usual.radio, tuning) }, compress)
        return [name, { personality, quality: tuned(linkQualities[usual.network], tuning) }]
      }),
    )
  }

  draw(chance: Random): Individual {
    const { connectionIds = 0, faults, mix } = this.#scenario
    const { natRebinding, powerReturn } = faults
    return {
      ...this.#kinds.get(weighted(chance, mix))!,
      frailty: frailtyOf(this.#scenario, chance),
      hasConnectionId: happens(chance, connectionIds),
      rebindsEvery: happens(chance, natRebinding?.share ?? 0) ? natRebinding?.every : undefined,
      isInRegion: happens(chance, powerReturn?.share ?? 0),
    }
  }
}

function frailtyOf({ faults, firmware }: Scenario, chance: Random): Frailty {
  const { faultyImage, powerCut, slowBlocks } = faults
  const isFaulty = happens(chance, faultyImage?.share ?? 0) && firmware !== undefined
  return {
    ...(isFaulty && faultyImage?.shows === 'boot' && { rejects: firmware.to }),
    ...(isFaulty && faultyImage?.shows === 'integrity' && { spoils: firmware.to }),
    ...(happens(chance, powerCut?.share ?? 0) && { powerCutAfter: powerCut!.at * (firmware?.size ?? 0) }),
    ...(happens(chance, slowBlocks?.share ?? 0) && { blockPause: slowBlocks!.pause }),
  }
}

function tuned(quality: LinkQuality, tuning: NetworkTuning): LinkQuality {
  return {
    ...quality,
    loss: tuning.loss ?? quality.loss,
    lossRun: tuning.lossRun ?? quality.lossRun,
    roundTrip: tuning.latency ?? quality.roundTrip,
    spread: tuning.jitter ?? quality.spread,
    duplication: tuning.duplicates ?? quality.duplication,
    reordering: tuning.reordered ?? quality.reordering,
    nat: tuning.nat === undefined ? quality.nat : [[tuning.nat, 1]],
  }
}

function tunedRadio(radio: RadioKind, { awake, poll }: NetworkTuning): RadioKind {
  if (radio.kind === 'always') return radio
  const listening = { ...radio, awake: awake ?? radio.awake }
  return listening.kind === 'polling' ? { ...listening, interval: poll ?? listening.interval } : listening
}

/** Shorter lifetimes would be all Updates. */
const shortestLifetime = 60
const shortestInterval = seconds(2)

function compressed(personality: Personality, factor: number): Personality {
  if (factor === 1) return personality
  const { afterFailure, download, lifetimes, reportEvery, restart, updateEvery } = personality
  const shorter = (duration: Duration, least: number = shortestInterval): Duration =>
    milliseconds(Math.max(duration / factor, Math.min(duration, least)))
  return {
    ...personality,
    lifetimes: lifetimes.map(([lifetime, weight]) => [
      Math.max(Math.ceil(lifetime / factor), Math.min(lifetime, shortestLifetime)),
      weight,
    ]),
    updateEvery: shorter(updateEvery),
    reportEvery: reportEvery.map(([interval, weight]) => [shorter(interval), weight]),
    afterFailure:
      afterFailure === 'idle'
        ? 'idle'
        : { first: shorter(afterFailure.first), longest: shorter(afterFailure.longest, seconds(60)) },
    download: { ...download, resumeAfter: shorter(download.resumeAfter, 1000) },
    restart: [shorter(restart[0], 1000), shorter(restart[1], 2000)],
  }
}
