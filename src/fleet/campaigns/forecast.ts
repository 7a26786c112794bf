/**
 * What a campaign would take: time and octets of one device over each network profile, and of all of them in
 * their stages. Arithmetic over a tally of the fleet; looks at no device.
 */
import { after, between, instantOf, milliseconds, seconds, type Duration, type Instant } from '../../base/time.ts'
import { profiles, type ProfileName } from '../../config/profiles.ts'
import { durationText, shareText } from './definition.ts'
import { shareUpTo } from './gates.ts'
import type { Sums, Tally } from './tally.ts'
import type { CampaignDefinition, CampaignImage, Window } from './types.ts'
import { deviceZone, holdsBeginnings, openingsOf, windowAt } from './windows.ts'

/** One block asked for and answered, as measured on such links (devices.md §4). */
const blockTime: Readonly<Record<ProfileName, Duration>> = {
  nbiot: seconds(1.5),
  'nbiot-deep': seconds(10),
  'lte-m': seconds(0.2),
  'thread-router': seconds(0.15),
  'thread-sleepy': seconds(0.6),
  ip: seconds(0.05),
  ntn: seconds(6),
}

/** Request and answer of a block besides its payload: IP, UDP, DTLS with a connection id, CoAP. */
const overheadOfBlock = 150
/** From the install command to the new registration. */
const installTime = seconds(90)
/** Blocks lost and asked for again, naps in between: what a fleet takes beyond the sum of its parts. */
const slack = 1.25

export interface WayForecast {
  /** `whole`, `by delta from 1.0.0`. */
  readonly way: string
  readonly devices: number
  /** Octets one of them is handed. */
  readonly bytes: number
  readonly hops: number
}

/** Means over the devices, where they go different ways. */
export interface ProfileForecast {
  readonly profile: ProfileName
  readonly devices: number
  /** Octets. */
  readonly blockSize: number
  readonly perDevice: Duration
  readonly bytesOnAir: number
}

export interface StageForecast {
  readonly upTo: string
  readonly share: number
  readonly devices: number
  readonly soak: Duration
  readonly takes: Duration
}

export interface Forecast {
  readonly ways: readonly WayForecast[]
  /** Octets handed over altogether, where nothing is lost and nothing tried again. */
  readonly bytes: number
  readonly profiles: readonly ProfileForecast[]
  readonly stages: readonly StageForecast[]
  readonly shortest: Duration
  readonly expected: Duration
  readonly warnings: readonly string[]
}

export function forecastOf(definition: CampaignDefinition, tally: Tally, now: Instant): Forecast {
  const perProfile = [...tally.byProfile].map(([name, sums]) => forecastProfile(name, sums))
  const ways = [...tally.byWay].map(([way, { devices, bytes: all, hops }]) => ({
    way,
    devices,
    bytes: all / devices,
    hops: hops / devices,
  }))
  const bytes = [...tally.byWay.values()].reduce((sum, each) => sum + each.bytes, 0)
  const mean = tally.eligible === 0 ? 0 : bytes / tally.eligible
  const stages = forecastStages(definition, mean, tally.eligible, perProfile)
  const working = stages.reduce((sum, { takes }) => sum + takes, 0)
  const soaking = stages.slice(0, -1).reduce((sum, { soak }) => sum + soak, 0)
  const shortest = passedBy(definition, now, milliseconds(working), milliseconds(soaking))
  const slow = passedBy(definition, now, milliseconds(working * slack), milliseconds(soaking))
  const lastWake = tally.lastWake === undefined ? 0 : between(now, tally.lastWake)
  return {
    ways: ways.sort((a, b) => b.devices - a.devices),
    bytes,
    profiles: perProfile.sort((a, b) => b.devices - a.devices),
    stages,
    shortest: rounded(shortest),
    expected: rounded(milliseconds(Math.max(slow, lastWake))),
    warnings: [...warningsOf(definition, tally, perProfile, now), ...lateText(definition, shortest)],
  }
}

function forecastProfile(name: ProfileName, { devices, bytes, hops }: Sums): ProfileForecast {
  const profile = profiles[name]
  const size = Math.ceil(bytes / devices)
  const blocks = Math.max(1, Math.ceil(size / profile.blockSize))
  return {
    profile: profile.name,
    devices,
    blockSize: profile.blockSize,
    perDevice: rounded(milliseconds(blocks * blockTime[profile.name] + (hops / devices) * installTime)),
    bytesOnAir: size + blocks * overheadOfBlock,
  }
}

function forecastStages(
  { stages, limits }: CampaignDefinition,
  size: number,
  eligible: number,
  perProfile: readonly ProfileForecast[],
): readonly StageForecast[] {
  const all = perProfile.reduce((sum, { devices }) => sum + devices, 0)
  const mean = all === 0 ? 0 : perProfile.reduce((sum, { devices, perDevice }) => sum + devices * perDevice, 0) / all
  const longest = Math.max(0, ...perProfile.map(({ perDevice }) => perDevice))
  const byBudget = limits.bytesPerSecond === undefined ? 0 : (size / limits.bytesPerSecond) * 1000
  let before = 0
  return stages.map(({ upTo, soak }, i) => {
    const share = shareUpTo(stages, i, eligible)
    const devices = Math.max(0, share - before)
    before = Math.max(before, share)
    const takes = devices === 0 ? 0 : Math.max(longest, (devices * mean) / limits.parallel, devices * byBudget)
    return { upTo: shareText(upTo), share, devices, soak, takes: milliseconds(takes) }
  })
}

/** The most openings of a window that are counted out. */
const openingsCounted = 2000

/** How long so much work takes where it is done in windows only; soaking goes on by day and night. */
function passedBy({ window }: CampaignDefinition, now: Instant, working: Duration, soaking: Duration): Duration {
  if (window === undefined) return milliseconds(working + soaking)
  if (!holdsBeginnings(window)) return untilOpen(window, now, milliseconds(working + soaking))
  let left: number = working
  let at = after(now, soaking)
  for (let i = 0; i < openingsCounted && left > 0; i++) {
    const { open, until } = windowAt(window, at)
    if (until === undefined) break
    if (open) left -= between(at, until)
    at = open && left < 0 ? after(until, milliseconds(left)) : until
  }
  return between(now, at)
}

/** Downloads go on by day and night; the last device installs when the window is open. */
function untilOpen(window: Window, now: Instant, worked: Duration): Duration {
  const { open, until } = windowAt(window, after(now, worked))
  return open || until === undefined ? worked : between(now, until)
}

/** Stages that would never begin. */
function lateText({ deadline, stages }: CampaignDefinition, shortest: Duration): readonly string[] {
  if (deadline === undefined || shortest <= deadline || stages.length === 1) return []
  return [
    `its deadline comes after ${durationText(deadline)}, and even at best it takes ${durationText(rounded(shortest))}: its last devices would not be reached`,
  ]
}

function warningsOf(
  definition: CampaignDefinition,
  tally: Tally,
  perProfile: readonly ProfileForecast[],
  now: Instant,
): readonly string[] {
  const { failure, limits, selector, deadline, timeout, window } = definition
  const warnings: string[] = []
  const end = after(now, deadline ?? milliseconds(Number.POSITIVE_INFINITY))
  const last = instantOf(Math.max(end, after(now, timeout)))
  if (window?.holds === 'install' && openingsOf(window, now, last).length === 0) {
    warnings.push('the window does not open before the deadline: devices would download, and never install')
  }
  if (deadline !== undefined && holdsBeginnings(window) && window.zone !== deviceZone) {
    if (openingsOf(window, now, end).length === 0)
      warnings.push('the window does not open before the deadline: no device would begin')
  }
  const { unknown } = tally
  if (unknown.count > 0) warnings.push(unknownText(unknown))
  if (tally.eligible === 0) warnings.push('no device fits: nothing would happen')
  const hint = tally.found === 0 ? nobodyHint(selector) : undefined
  if (hint !== undefined) warnings.push(hint)
  const { asleep, absent, eligible, hardwareUntold, homeless, newer, otherwise } = tally
  if (otherwise > 0) {
    warnings.push(
      `${count(otherwise, 'device')} ${otherwise === 1 ? 'tells' : 'tell'} a Model Number (/3/0/1) that is not the image's product, and would be sent it all the same`,
    )
  }
  if (failure.count === undefined && eligible > 0 && eligible < failure.minimumSample) {
    warnings.push(
      `the failure gate cannot fire: it waits for ${failure.minimumSample} attempted, and there ${eligible === 1 ? 'is' : 'are'} ${count(eligible, 'device')}; lower failure.minimumSample (--sample), or set failure.count (--stop-after)`,
    )
  }
  if (newer > 0) {
    warnings.push(
      `${count(newer, 'device')} ${newer === 1 ? 'runs' : 'run'} a newer version than the image's, and would be taken back to it: select.version (--from) leaves such out`,
    )
  }
  if (homeless > 0) {
    warnings.push(
      `${count(homeless, 'device')} could not be taken back at a breach: there is no image of what ${homeless === 1 ? 'it runs' : 'they run'}; add it, or name one by rollbackTo`,
    )
  }
  if (hardwareUntold > 0) {
    warnings.push(
      `hardware version (/3/0/18) not known of ${count(hardwareUntold, 'device')}, and the image is for some only: each is asked before it begins, and updated all the same where it does not tell`,
    )
  }
  if (asleep > 0) warnings.push(`${count(asleep, 'device')} sleep: each begins when it wakes`)
  if (absent > 0) warnings.push(`${count(absent, 'device')} cannot be reached now: each begins when it registers again`)
  for (const { profile, devices, perDevice } of perProfile) {
    if (profile === 'ntn')
      warnings.push(`${count(devices, 'device')} on satellite links: ${durationText(perDevice)} of paid air time each`)
    if (profile === 'nbiot-deep')
      warnings.push(
        `${count(devices, 'device')} in deep coverage: ${durationText(perDevice)} of their radio each; require a battery level`,
      )
    const isShared = profile.startsWith('thread') || profile.startsWith('nbiot')
    if (isShared && limits.perCell === undefined && limits.perPrefix === undefined && devices > 10) {
      warnings.push(
        `${profile} devices share a channel: limits.perCell or limits.perPrefix keep one place from being flooded`,
      )
    }
  }
  return warnings
}

/** Why it would be for nobody. */
export function nobodyText({ found, excluded, unknown }: Tally): string {
  if (unknown.count > 0 && found === 0) return unknownText(unknown)
  if (found === 0) return 'no device has what it selects'
  const reasons = [...excluded].map(
    ([reason, { count: n, examples }]) => `${n} because each ${reason}, such as ${examples[0]}`,
  )
  return `of ${count(found, 'device')} found none fits: ${reasons.join('; ')}`
}

/** What makes a device one of the product; undefined where none is selected. */
export function nobodyHint({ product }: CampaignDefinition['selector']): string | undefined {
  if (product === undefined) return undefined
  return `no device is known to be a ${product}: 'coapstan read <endpoint> /3/0' learns its Model Number, 'coapstan devices set <endpoint> --product ${product}' says it`
}

/** What is left out because nobody knows it. */
export function unknownText({ count: n, examples }: Tally['unknown']): string {
  const more = n > examples.length ? ', …' : ''
  return `${count(n, 'endpoint')} of the selection ${n === 1 ? 'is' : 'are'} known to nobody and left out: ${examples.join(', ')}${more}`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** To what a person can use: whole seconds, minutes, then hours. */
function rounded(value: Duration): Duration {
  const unit = value < 120_000 ? 1000 : value < 86_400_000 ? 60_000 : 3_600_000
  return milliseconds(Math.ceil(value / unit) * unit)
}

/** The plan in plain text, a line each. */
export function forecastText(
  name: string,
  image: CampaignImage,
  { limits, window, failure, approval, onBreach }: CampaignDefinition,
  tally: Tally,
  forecast: Forecast,
): readonly string[] {
  const lines = [
    `${name} would bring ${image.product} ${image.version} (${image.size} octets) to ${count(tally.eligible, 'device')} of ${tally.found} found.`,
  ]
  for (const [reason, { count: n, examples }] of tally.excluded)
    lines.push(`Not: ${n} because each ${reason}, such as ${examples[0]}.`)
  const { ways, bytes } = forecast
  const isPlain = ways.length === 1 && ways[0]!.way === 'whole'
  for (const { way, devices, bytes: each } of isPlain ? [] : ways) {
    lines.push(`${count(devices, 'device')} ${way}: ${each} octets each.`)
  }
  if (ways.length > 0) lines.push(`Handed over altogether: ${bytes} octets.`)
  for (const [i, { upTo, devices, soak, takes }] of forecast.stages.entries()) {
    const isLast = i === forecast.stages.length - 1
    const watched = isLast && soak === 0 ? '' : `, then watched for ${durationText(soak)}`
    lines.push(
      `Stage ${i + 1} (up to ${upTo}): ${count(devices, 'device')} in about ${durationText(rounded(takes))}${watched}.`,
    )
  }
  for (const { profile, devices, blockSize, perDevice, bytesOnAir } of forecast.profiles) {
    lines.push(
      `${count(devices, 'device')} on ${profile}: about ${durationText(perDevice)} each in blocks of ${blockSize} octets, ${bytesOnAir} octets over the air.`,
    )
  }
  const budget = limits.bytesPerSecond === undefined ? '' : `, ${limits.bytesPerSecond} octets a second`
  lines.push(
    `At most ${limits.parallel} at one time${budget}${window === undefined ? '' : `, ${window.holds === 'install' ? 'installed' : 'begun'} only when '${window.cron}' opens for ${durationText(window.length)} (${window.zone})`}.`,
  )
  const gate =
    failure.percent === undefined
      ? ''
      : `above ${failure.percent} % failures of at least ${failure.minimumSample} attempted`
  lines.push(
    `It stops ${gate}${failure.count === undefined ? '' : ` or at ${failure.count} failures`}${onBreach === 'rollback' ? ' and takes back the devices it has touched' : ''}.`,
  )
  if (approval !== 'none')
    lines.push(
      approval === 'stage' ? 'Somebody approves it before each stage.' : 'Somebody approves it before it starts.',
    )
  lines.push(
    `From start to end: ${durationText(forecast.shortest)} at best, ${durationText(forecast.expected)} to be expected.`,
  )
  return lines
}
