/** Keeps what a run is drawn and summed up from: where the fleet was when, what happened, and its counts. */
import type { AirCounts } from '../air.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Latencies } from '../fleet/latencies.ts'
import type { HandshakeCounts } from '../fleet/stacks.ts'
import type { CampaignEnd, Mark, Outcome, Quantiles, Sample, Usage } from './outcome.ts'
import type { Scenario } from './scenario.ts'

export interface RecordedParts {
  readonly scenario: Scenario
  readonly mode: Outcome['mode']
  readonly fleet: Fleet
  readonly network: AirCounts & { readonly rebound: number; readonly unroutable: number }
  readonly handshakes: HandshakeCounts
}

export class Recorder {
  readonly #parts: RecordedParts
  readonly #samples: Sample[] = []
  readonly #marks: Mark[] = []
  #campaign: CampaignEnd | undefined
  #report: readonly string[] = []

  constructor(parts: RecordedParts) {
    this.#parts = parts
  }

  get campaign(): CampaignEnd | undefined {
    return this.#campaign
  }

  /** `at`: milliseconds since the beginning. */
  look(at: number): Sample {
    const sample = { at, ...this.#parts.fleet.census() }
    this.#samples.push(sample)
    return sample
  }

  mark(at: number, label: string): void {
    this.#marks.push({ at, label })
  }

  /** What the server says of its campaign now: changes of state are marked. */
  campaignIs(at: number, campaign: CampaignEnd): void {
    const before = this.#campaign
    this.#changed(at, 'campaign', before, campaign)
    this.#changed(at, 'rollback', before?.rollback, campaign.rollback)
    this.#campaign = campaign
  }

  #changed(at: number, what: string, before: { state: string } | undefined, now: { state: string } | undefined): void {
    if (now === undefined || now.state === before?.state) return
    if (before === undefined) this.mark(at, `${what} begins`)
    // Gathering its devices takes a moment and tells nothing.
    if (now.state !== 'selecting' && now.state !== 'running') this.mark(at, `${what} ${now.state}`)
    else if (before !== undefined && before.state !== 'selecting') this.mark(at, `${what} goes on`)
  }

  /** What the server says happened, a sentence each. */
  reports(lines: readonly string[]): void {
    this.#report = lines
  }

  outcome(wallSeconds: number, simulatedSeconds: number, generator: Usage, server: Usage | undefined): Outcome {
    const { fleet, handshakes, mode, network, scenario } = this.#parts
    const { counts, latencies, refusals } = fleet.tally
    const { completed, failed, lost } = handshakes
    return {
      scenario: scenario.name,
      mode,
      devices: scenario.devices,
      seed: scenario.seed,
      wallSeconds,
      simulatedSeconds,
      census: fleet.census(),
      counts,
      refusals: Object.fromEntries(refusals),
      latencies: {
        register: quantilesOf(latencies.register),
        update: quantilesOf(latencies.update),
        send: quantilesOf(latencies.send),
        block: quantilesOf(latencies.block),
      },
      network,
      handshakes: { completed, failed, lost },
      campaign: this.#campaign,
      report: this.#report,
      server,
      generator,
      samples: this.#samples,
      marks: this.#marks,
    }
  }
}

function quantilesOf(latencies: Latencies): Quantiles | undefined {
  const [median, p99] = [latencies.quantile(0.5), latencies.quantile(0.99)]
  return median === undefined || p99 === undefined ? undefined : { count: latencies.count, median, p99 }
}
