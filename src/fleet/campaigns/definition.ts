/**
 * From what an operator wrote to a definition: defaults filled in, texts turned into durations, what makes no
 * sense refused by the name of its field. And back, for those who want to see it.
 */
import { UsageError } from '../../base/errors.ts'
import { hours, milliseconds, type Duration } from '../../base/time.ts'
import { millisecondsOf } from '../../config/load.ts'
import semver from 'semver'
import type { Approval, BreachAction, CampaignDefinition, Limits, Retry, Share, Stage, Window } from './types.ts'
import { deviceZone, isWindow } from './windows.ts'

/** As it is written, in YAML and in the API alike. */
export interface CampaignDraft {
  readonly name: string
  readonly image: string
  readonly select?: {
    readonly product?: string
    readonly tags?: Readonly<Record<string, string>>
    readonly version?: string
    readonly seenWithin?: string
    readonly endpoints?: readonly string[]
  }
  readonly stages?: readonly {
    readonly count?: number
    readonly percent?: number
    readonly soak?: string
    readonly advance?: number
    readonly within?: string
  }[]
  readonly advance?: number
  readonly failure?: { readonly percent?: number; readonly minimumSample?: number; readonly count?: number }
  readonly limits?: { readonly [K in keyof Limits]?: number }
  readonly window?: {
    readonly from?: string
    readonly to?: string
    readonly days?: readonly string[]
    readonly cron?: string
    readonly length?: string
    readonly zone?: string
    readonly holds?: NonNullable<Window['holds']>
  }
  readonly require?: { readonly battery?: number; readonly signal?: number }
  readonly retry?: {
    readonly attempts?: number
    readonly backoff?: string
    readonly factor?: number
    readonly longest?: string
  }
  readonly deltas?: boolean
  readonly timeout?: string
  readonly deadline?: string
  readonly approval?: Approval
  readonly onBreach?: BreachAction
  readonly rollbackTo?: string
  readonly lateJoiners?: boolean
  readonly priority?: number
}

/** fleet-ota.md §9.1: 5/25/100 with four hours of soak; stop above 1 % of at least 20. */
export const defaults = {
  stages: [5, 25, 100],
  soak: hours(4),
  advance: 95,
  failurePercent: 1,
  minimumSample: 20,
  parallel: 500,
  prefixBits: 64,
  /** devices.md §4: 1 h, 6 h, then a day at most. */
  retry: { attempts: 3, backoff: hours(1), factor: 6, longest: hours(24) } satisfies Retry,
  timeout: hours(24),
  priority: 100,
}

/** Of what `rollbackTo` names, the SHA-256; products come from the image. Throws UsageError 'campaign.definition' (422) with the member `field`. */
export function definitionOf(
  draft: CampaignDraft,
  product: string,
  rollbackTo: string | undefined,
): CampaignDefinition {
  const { select = {}, failure = {}, limits = {}, retry = {}, window } = draft
  const { version, endpoints } = select
  if (version !== undefined && /[<>=^~|* ]/.test(version) && semver.validRange(version) === null) {
    throw wrong('select.version', `'${version}' is no range of versions`, 'for example <1.2.0, 1.0.x or 1.0.3')
  }
  const definition: CampaignDefinition = {
    selector: {
      ...(endpoints === undefined || select.product !== undefined ? { product: select.product ?? product } : {}),
      tags: select.tags ?? {},
      ...(version === undefined ? {} : { version }),
      ...optional('seenWithin', duration('select.seenWithin', select.seenWithin)),
      ...(endpoints === undefined ? {} : { endpoints: [...new Set(endpoints)].sort() }),
    },
    stages: stagesOf(draft),
    failure: {
      percent: failure.percent ?? defaults.failurePercent,
      minimumSample: failure.minimumSample ?? defaults.minimumSample,
      ...optional('count', failure.count),
    },
    limits: {
      parallel: limits.parallel ?? defaults.parallel,
      prefixBits: limits.prefixBits ?? defaults.prefixBits,
      ...optional('bytesPerSecond', limits.bytesPerSecond),
      ...optional('perCell', limits.perCell),
      ...optional('perPrefix', limits.perPrefix),
    },
    ...(window === undefined ? {} : { window: windowOf(window) }),
    require: draft.require ?? {},
    retry: {
      attempts: retry.attempts ?? defaults.retry.attempts,
      backoff: duration('retry.backoff', retry.backoff) ?? defaults.retry.backoff,
      factor: retry.factor ?? defaults.retry.factor,
      longest: duration('retry.longest', retry.longest) ?? defaults.retry.longest,
    },
    ...(draft.deltas === true ? { deltas: true } : {}),
    timeout: duration('timeout', draft.timeout, 60_000) ?? defaults.timeout,
    ...optional('deadline', duration('deadline', draft.deadline, 60_000)),
    approval: draft.approval ?? 'none',
    onBreach: draft.onBreach ?? 'pause',
    ...optional('rollbackTo', rollbackTo),
    lateJoiners: draft.lateJoiners ?? false,
    priority: draft.priority ?? defaults.priority,
  }
  if (definition.lateJoiners && definition.deadline === undefined) {
    throw wrong('deadline', 'a campaign that late joiners may join needs an end', 'for example deadline: 30d')
  }
  if (definition.lateJoiners && endpoints !== undefined) {
    throw wrong('lateJoiners', 'nobody can join a campaign that names its endpoints')
  }
  return definition
}

function stagesOf({ stages, advance = defaults.advance }: CampaignDraft): readonly Stage[] {
  const written: NonNullable<CampaignDraft['stages']> = stages ?? defaults.stages.map((percent) => ({ percent }))
  const all = written.map((each, i): Stage => {
    const field = `stages[${i}]`
    const isLast = i === written.length - 1
    const { count, percent } = each
    if ((count === undefined) === (percent === undefined)) throw wrong(field, 'a stage has either a count or a percent')
    const upTo: Share = count === undefined ? { percent: percent! } : { count }
    const soak = duration(`${field}.soak`, each.soak)
    const within = duration(`${field}.within`, each.within, 60_000)
    return {
      upTo,
      soak: soak ?? (isLast ? milliseconds(0) : defaults.soak),
      advance: each.advance ?? advance,
      ...optional('within', within),
    }
  })
  for (const [i, { upTo }] of all.entries()) {
    const before = all[i - 1]?.upTo
    if (before === undefined) continue
    const rises =
      'count' in upTo
        ? 'count' in before && upTo.count > before.count
        : !('percent' in before) || upTo.percent > before.percent
    if (!rises) throw wrong(`stages[${i}]`, 'shares rise from stage to stage: counts first, then percentages')
  }
  const last = all.at(-1)!.upTo
  if (!('percent' in last) || last.percent !== 100) {
    throw wrong(
      `stages[${all.length - 1}]`,
      'the last stage is percent: 100',
      'a pilot selects fewer devices instead: select.endpoints, select.tags',
    )
  }
  return all
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function windowOf({ from, to, days, cron, length, zone = 'UTC', holds }: NonNullable<CampaignDraft['window']>): Window {
  const isPlain = from !== undefined && to !== undefined && cron === undefined && length === undefined
  const isCron =
    cron !== undefined && length !== undefined && from === undefined && to === undefined && days === undefined
  if (!isPlain && !isCron) throw wrong('window', 'a window has from and to, or cron and length')
  const when = isCron ? { cron, length: duration('window.length', length, 60_000)! } : hoursOf(from!, to!, days)
  const window: Window = { ...when, zone, ...optional('holds', holds) }
  if (window.length > 7 * 86_400_000) throw wrong('window.length', 'a window is a week long at most')
  const verdict = isWindow(window)
  if (verdict === 'zone')
    throw wrong(
      'window.zone',
      `'${zone}' is no time zone`,
      `Europe/Berlin, UTC, or ${deviceZone} for each device's own`,
    )
  if (verdict === 'cron')
    throw wrong(
      'window.cron',
      `'${window.cron}' is no cron expression of five fields, or never comes`,
      "for example '0 22 * * 1-5'",
    )
  return window
}

function hoursOf(from: string, to: string, days: readonly string[] | undefined): Pick<Window, 'cron' | 'length'> {
  const [start, end] = [minutesOf(from), minutesOf(to)]
  const length = (end - start + 1440) % 1440 || 1440
  const on = days === undefined ? '*' : days.map((day) => weekdays.indexOf(day)).join(',')
  return { cron: `${start % 60} ${Math.floor(start / 60)} * * ${on}`, length: milliseconds(length * 60_000) }
}

function minutesOf(clock: string): number {
  const [hour = '', minute = ''] = clock.split(':')
  return Number(hour) * 60 + Number(minute)
}

function duration(field: string, text: string | undefined, least = 0): Duration | undefined {
  if (text === undefined) return undefined
  const value = millisecondsOf(text)
  if (Number.isFinite(value) && value >= least && value <= 3_650 * 86_400_000) return milliseconds(value)
  throw wrong(
    field,
    `'${text}' is no duration from ${least === 0 ? '0s' : '1m'} to ten years`,
    'for example 30m, 4h, 14d',
  )
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V }
}

function wrong(field: string, message: string, hint?: string): UsageError {
  return new UsageError('campaign.definition', `${field}: ${message}`, {
    status: 422,
    ...(hint === undefined ? {} : { hint }),
    members: { field },
  })
}

/** The definition as somebody could have written it, nothing left to a default. */
export function draftOf(name: string, image: string, definition: CampaignDefinition): CampaignDraft {
  const { selector, stages, failure, limits, window, require, retry } = definition
  const { touchedBy: _, seenWithin, ...select } = selector
  return {
    name,
    image,
    select: { ...select, ...(seenWithin === undefined ? {} : { seenWithin: durationText(seenWithin) }) },
    stages: stages.map(({ upTo, soak, advance, within }) => ({
      ...upTo,
      soak: durationText(soak),
      advance,
      ...(within === undefined ? {} : { within: durationText(within) }),
    })),
    failure,
    limits,
    ...(window === undefined ? {} : { window: { ...window, length: durationText(window.length) } }),
    require,
    retry: { ...retry, backoff: durationText(retry.backoff), longest: durationText(retry.longest) },
    ...(definition.deltas === true ? { deltas: true } : {}),
    timeout: durationText(definition.timeout),
    ...(definition.deadline === undefined ? {} : { deadline: durationText(definition.deadline) }),
    approval: definition.approval,
    onBreach: definition.onBreach,
    ...(definition.rollbackTo === undefined ? {} : { rollbackTo: definition.rollbackTo }),
    lateJoiners: definition.lateJoiners,
    priority: definition.priority,
  }
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** `4h`, `90m`: in the largest unit that holds it whole. */
export function durationText(value: number): string {
  for (const [unit, size] of units) if (value >= size && value % size === 0) return `${value / size}${unit}`
  return `${Math.round(value)}ms`
}

/** `10 devices`, `5 %`. */
export function shareText(upTo: Share): string {
  return 'count' in upTo ? `${upTo.count} device${upTo.count === 1 ? '' : 's'}` : `${upTo.percent} %`
}
