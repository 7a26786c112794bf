/** What a scenario came to, in numbers, and whether that is what its file expected. Pure. */
import type { AirCounts } from '../air.ts'
import type { Census } from '../fleet/fleet.ts'
import type { TallyCounts } from '../fleet/tally.ts'
import type { Expectations, Scenario } from './scenario.ts'

export interface Quantiles {
  readonly count: number
  /** Milliseconds, the network included. */
  readonly median: number
  readonly p99: number
}

/** A campaign as the server tells it. */
export interface CampaignEnd {
  readonly name: string
  readonly state: string
  readonly reason?: string
  /** Devices by state. */
  readonly counts: Readonly<Record<string, number>>
  readonly rollback?: Omit<CampaignEnd, 'rollback'>
}

export interface Usage {
  readonly cpuSeconds: number
  readonly residentOctets: number
}

/** Where the fleet was at one moment, milliseconds since the beginning. */
export interface Sample extends Census {
  readonly at: number
}

export interface Mark {
  /** Milliseconds since the beginning. */
  readonly at: number
  readonly label: string
}

export interface Outcome {
  readonly scenario: string
  readonly mode: 'sockets' | 'virtual'
  readonly devices: number
  readonly seed: number
  /** How long it took, and how much time passed in it. */
  readonly wallSeconds: number
  readonly simulatedSeconds: number
  readonly census: Census
  readonly counts: TallyCounts
  readonly refusals: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<'register' | 'update' | 'send' | 'block', Quantiles | undefined>>
  readonly network: AirCounts & { readonly rebound: number; readonly unroutable: number }
  readonly handshakes: { readonly completed: number; readonly failed: number; readonly lost: number }
  readonly campaign: CampaignEnd | undefined
  /** What the server says happened, a sentence each. */
  readonly report: readonly string[]
  readonly server: Usage | undefined
  readonly generator: Usage
  readonly samples: readonly Sample[]
  readonly marks: readonly Mark[]
}

/** What was expected and is not so, a sentence each. */
export function unmet(
  { campaign, census, devices }: Pick<Outcome, 'campaign' | 'census' | 'devices'>,
  expected: Expectations,
): readonly string[] {
  const wrong: string[] = []
  const { registered, rolledBack, updated, updatedAtMost } = expected
  const least = (what: string, count: number, share: number | undefined): void => {
    if (share !== undefined && count < share * devices) {
      wrong.push(`${count} of ${devices} devices ${what}, at least ${percent(share)} were expected`)
    }
  }
  least('are registered', census.registered, registered)
  least('run the new version', census.updated, updated)
  if (updatedAtMost !== undefined && census.updated > updatedAtMost * devices) {
    wrong.push(
      `${census.updated} of ${devices} devices run the new version, at most ${percent(updatedAtMost)} were expected`,
    )
  }
  if (expected.campaign !== undefined && campaign?.state !== expected.campaign) {
    wrong.push(`the campaign is ${campaign?.state ?? 'not begun'}, ${expected.campaign} was expected`)
  }
  if (rolledBack === true && campaign?.rollback?.state !== 'completed') {
    wrong.push(`the rollback is ${campaign?.rollback?.state ?? 'not begun'}, completed was expected`)
  }
  return wrong
}

/** Nothing more will come of it: it ended, or it stands and its rollback, if one was begun, has ended. */
export function isDone({ counts, rollback, state }: CampaignEnd, rollsBack: boolean): boolean {
  if (state === 'completed' || state === 'aborted') return rollback === undefined || isAtRest(rollback.state)
  if (state !== 'halted' || (counts['updating'] ?? 0) + (counts['ended'] ?? 0) > 0) return false
  return rollback === undefined ? !rollsBack : isAtRest(rollback.state)
}

function isAtRest(state: string): boolean {
  return ['completed', 'aborted', 'halted', 'paused'].includes(state)
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`
}

/** How often a run is looked at: often enough for a smooth line, seldom enough to cost nothing. */
export function samplingInterval({ duration }: Pick<Scenario, 'duration'>): number {
  return Math.max(1000, Math.ceil(duration / 600_000) * 1000)
}
