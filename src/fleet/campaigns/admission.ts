/**
 * Who may begin now. Room is what the stage's share, the limits and the budget leave; a device takes it when
 * it is awake, meets the requirements, and nobody with a better claim wants it. What it waits for is said.
 */
import { after, between, hours, instantOf, seconds, type Instant } from '../../base/time.ts'
import type { Opening } from '../firmware/types.ts'
import { packageOf, type Leg, type Way } from '../images/types.ts'
import type { DeviceId } from '../registry/types.ts'
import { covers, creditAt, isShort, type Credit } from './budget.ts'
import type { Totals } from './counts.ts'
import { shareUpTo } from './gates.ts'
import {
  isOvertaken,
  overtaken,
  prefixOf,
  retired,
  unfitnessOfVersion,
  unfitnessOfWay,
  untouched,
  type DeviceFacts,
} from './selection.ts'
import { openDeviceStates, type Begin, type BusyPlace, type Claim, type DeviceChange } from './store.ts'
import { isOver, type Campaign, type CampaignDevice } from './types.ts'
import { wayOver } from './way.ts'
import { clockOf, closesAt, deviceZone, holdsBeginnings, openingsOf, windowAt } from './windows.ts'

export interface Candidate {
  readonly row: CampaignDevice
  readonly facts: DeviceFacts
  /** It was heard a moment ago: it listens, whatever its status is worth. */
  readonly heard: boolean
  readonly claims: readonly Claim[]
  /** From what it runs to where it is taken. */
  readonly path: Way
  /** The version it leads to. */
  readonly goal: string
  /** Of a campaign that takes devices back: how it stands in the one they are taken back from. */
  readonly origin?: CampaignDevice
}

export interface Start {
  readonly row: CampaignDevice
  readonly begin: Begin
  /** What is installed now. */
  readonly leg: Leg
  /** When it may be installed, where a window holds that. */
  readonly installWithin?: readonly Opening[]
  /** What the device is known to run. */
  readonly from?: string
}

/** Octets that cannot be handed over just now, by SHA-256: why, for people; undefined while they are being looked for. */
export type Missing = ReadonlyMap<string, string | undefined>

/** Begun by a command that has not come back yet: it counts as begun. */
export interface Starting {
  /** It had no stage before, so it takes of the stage's share. */
  readonly isNew: boolean
  readonly cell?: number
  readonly prefix?: string
}

export interface Admission {
  readonly starts: readonly Start[]
  readonly changes: readonly { readonly row: CampaignDevice; readonly change: DeviceChange }[]
  /** Resources to be read first, by device. */
  readonly questions: readonly { readonly row: CampaignDevice; readonly paths: readonly string[] }[]
  /** The budget after the starts. */
  readonly credit: Credit | undefined
  /** Why a device that could have begun did not: its octets cannot be handed over. */
  readonly held: string | undefined
}

/** The most devices begun in one step. */
export const startsAStep = 256
/** A device that did not answer is asked again after this; a value that was too low is read anew. */
const askAgain = hours(6)
/** How long an answer is waited for. */
const answerWithin = seconds(90)

/** Devices that may begin now besides those under way, and the share it takes new ones from. */
export function roomOf(
  campaign: Campaign,
  totals: Totals,
  starting: ReadonlyMap<DeviceId, Starting>,
  now: Instant,
): { readonly parallel: number; readonly share: number } {
  const { definition, stage } = campaign
  const fresh = [...starting.values()].filter(({ isNew }) => isNew).length
  const share = shareUpTo(definition.stages, stage, totals.eligible) - totals.begun - fresh
  const parallel = Math.min(
    definition.limits.parallel - (totals.states.updating - totals.held) - starting.size,
    isShort(creditAt(campaign, now)) ? 0 : startsAStep,
  )
  return { parallel: Math.max(0, parallel), share: Math.max(0, share) }
}

export function admit(
  campaign: Campaign,
  candidates: readonly Candidate[],
  room: { readonly parallel: number; readonly share: number },
  { places, missing }: { readonly places: readonly BusyPlace[]; readonly missing: Missing },
  starting: ReadonlyMap<DeviceId, Starting>,
  now: Instant,
): Admission {
  const round = new Round(campaign, room, places, missing, starting, now)
  for (const candidate of candidates) round.consider(candidate)
  return round
}

class Round implements Admission {
  readonly starts: Start[] = []
  readonly changes: { row: CampaignDevice; change: DeviceChange }[] = []
  readonly questions: { row: CampaignDevice; paths: readonly string[] }[] = []
  readonly #campaign: Campaign
  readonly #starting: ReadonlyMap<DeviceId, Starting>
  readonly #busy = new Map<string, number>()
  readonly #missing: Missing
  readonly #now: Instant
  readonly #budget: Credit | undefined
  #parallel: number
  #share: number
  #spent = 0
  /** What the first device wants that the budget does not cover: it is saved up for, and nobody passes by. */
  #wants: number | undefined
  held: string | undefined

  constructor(
    campaign: Campaign,
    room: { readonly parallel: number; readonly share: number },
    places: readonly BusyPlace[],
    missing: Missing,
    starting: ReadonlyMap<DeviceId, Starting>,
    now: Instant,
  ) {
    this.#campaign = campaign
    this.#missing = missing
    this.#starting = starting
    this.#now = now
    this.#budget = creditAt(campaign, now)
    this.#parallel = room.parallel
    this.#share = room.share
    for (const { cell, prefix, count } of places) this.#occupy(cell, prefix, count)
    for (const { cell, prefix } of starting.values()) this.#occupy(cell, prefix, 1)
  }

  get credit(): Credit | undefined {
    if (this.#budget === undefined) return undefined
    const { bytes, at } = this.#budget
    return { bytes: bytes - this.#spent, at, ...(this.#wants === undefined ? {} : { wants: this.#wants }) }
  }

  consider(candidate: Candidate): void {
    const { row, path } = candidate
    const isNew = row.stage === undefined
    if (this.#starting.has(row.deviceId) || row.state !== 'waiting') return
    if (this.#parallel === 0 || (isNew && this.#share === 0)) return
    const unfit = this.#unfitness(candidate)
    if (unfit !== undefined) {
      this.changes.push({ row, change: { ...unfit, finishedAt: this.#now } })
      return
    }
    const obstacle = this.#obstacle(candidate)
    if (obstacle !== undefined) {
      if (row.reason !== obstacle) this.changes.push({ row, change: { reason: obstacle } })
      return
    }
    if ('legs' in path && this.#isAffordable(path.legs[0])) this.#begin(candidate, path.legs, isNew)
  }

  /** At hand, and covered by the budget. */
  #isAffordable(leg: Leg): boolean {
    const { sha256, size } = packageOf(leg)
    if (this.#missing.has(sha256)) {
      this.held ??= this.#missing.get(sha256)
      return false
    }
    if (this.#budget === undefined || covers({ ...this.#budget, bytes: this.#budget.bytes - this.#spent }, size)) {
      this.#spent += size
      return true
    }
    this.#wants = size
    this.#parallel = 0
    return false
  }

  #begin({ row, facts }: Candidate, legs: readonly [Leg, ...Leg[]], isNew: boolean): void {
    const { definition, stage } = this.#campaign
    const { cell } = facts.vitals
    const prefix = prefixOf(facts.address, definition.limits.prefixBits)
    this.#parallel--
    if (isNew) this.#share--
    this.#occupy(cell, prefix, 1)
    const { version } = facts.vitals
    const way = wayOver(row, legs)
    const begin: Begin = {
      stage,
      dueAt: after(this.#now, definition.timeout),
      ...(way === undefined ? {} : { way }),
      ...(cell === undefined ? {} : { cell }),
      ...(prefix === undefined ? {} : { prefix }),
    }
    const { window } = definition
    this.starts.push({
      row,
      begin,
      leg: legs[0],
      ...(version === undefined ? {} : { from: version }),
      ...(window?.holds === 'install'
        ? { installWithin: openingsOf(window, this.#now, this.#installsUntil(begin), clockOf(facts.vitals)) }
        : {}),
    })
  }

  /** Who was begun may install after the deadline, as long as its own time is not over. */
  #installsUntil({ dueAt }: Begin): Instant {
    return instantOf(Math.max(dueAt, closesAt(this.#campaign)))
  }

  /** Who fitted when the campaign began may have shown since that it runs another version. */
  #unfitness({ row, facts, path, goal, origin }: Candidate): DeviceChange | undefined {
    const { definition, image } = this.#campaign
    if (facts.status === 'retired') return { state: 'skipped', reason: retired }
    const { version } = facts.vitals
    const noWay = unfitnessOfWay(path, { version: goal })
    if (definition.selector.touchedBy === undefined && isOvertaken(row.fromVersion, version, image)) {
      return { state: 'skipped', reason: overtaken }
    }
    const isUntouched = origin?.touched === false && !isUnderWay(origin)
    // Who is on its way, or on its way back, has left the campaign's selection behind.
    if (row.stage !== undefined || isUntouched || definition.selector.touchedBy !== undefined) {
      if (isUntouched) return { state: 'skipped', reason: untouched }
      return noWay === undefined ? undefined : { state: 'failed', ...noWay }
    }
    const reason = version === undefined ? undefined : unfitnessOfVersion(version, definition.selector, image)
    if (reason !== undefined) return { state: 'skipped', reason }
    return noWay === undefined ? undefined : { state: 'skipped', ...noWay }
  }

  /** What the device waits for. */
  #obstacle(candidate: Candidate): string | undefined {
    const { facts, heard } = candidate
    if (facts.status === 'quarantined') return 'waits to be accepted'
    const rival = rivalOf(this.#campaign, candidate.claims)
    if (rival !== undefined) return rival
    if (candidate.origin !== undefined && isUnderWay(candidate.origin)) return 'is still being updated'
    if (facts.status !== 'awake' && !(heard && facts.status === 'asleep')) return facts.status.replace('-', ' ')
    return this.#unanswered(candidate) ?? this.#unmet(candidate) ?? this.#crowded(facts)
  }

  /** What has to be known first is asked for, and its answer waited for; for requirements as long as it takes. */
  #unanswered({ row, facts, path }: Candidate): string | undefined {
    const wanted = wantedOf(this.#campaign, path)
    const unknown = wanted.filter(({ known }) => !known(facts))
    if (unknown.length === 0) return undefined
    const { askedAt } = row
    if (askedAt === undefined || between(askedAt, this.#now) > askAgain) {
      this.#ask(row, unknown)
      return `is asked for its ${unknown[0]!.name}`
    }
    if (between(askedAt, this.#now) < answerWithin) return `is asked for its ${unknown[0]!.name}`
    const required = unknown.find(({ isRequired }) => isRequired)
    return required === undefined ? undefined : `does not tell its ${required.name}`
  }

  #unmet({ row, facts, path }: Candidate): string | undefined {
    const { require, window } = this.#campaign.definition
    const { battery, signal } = facts.vitals
    const low =
      require.battery !== undefined && battery !== undefined && battery < require.battery
        ? `battery below ${require.battery} %`
        : require.signal !== undefined && signal !== undefined && signal < require.signal
          ? `signal below ${require.signal} dBm`
          : undefined
    if (low !== undefined) {
      if (row.askedAt === undefined || between(row.askedAt, this.#now) > askAgain)
        this.#ask(row, wantedOf(this.#campaign, path))
      return low
    }
    if (!holdsBeginnings(window) || window.zone !== deviceZone) return undefined
    return windowAt(window, this.#now, clockOf(facts.vitals)).open ? undefined : 'outside its window'
  }

  #crowded({ vitals: { cell }, address }: DeviceFacts): string | undefined {
    const { perCell, perPrefix, prefixBits } = this.#campaign.definition.limits
    if (perCell !== undefined && cell !== undefined && this.#crowd(`cell ${cell}`) >= perCell) return 'its cell is busy'
    const prefix = prefixOf(address, prefixBits)
    if (perPrefix !== undefined && prefix !== undefined && this.#crowd(`prefix ${prefix}`) >= perPrefix) {
      return 'its border router is busy'
    }
    return undefined
  }

  #ask(row: CampaignDevice, wanted: readonly Wanted[]): void {
    this.questions.push({ row, paths: wanted.map(({ path }) => path) })
    this.changes.push({ row, change: { askedAt: this.#now } })
  }

  #crowd(place: string): number {
    return this.#busy.get(place) ?? 0
  }

  #occupy(cell: number | undefined, prefix: string | undefined, count: number): void {
    for (const place of [cell === undefined ? '' : `cell ${cell}`, prefix === undefined ? '' : `prefix ${prefix}`]) {
      if (place !== '') this.#busy.set(place, this.#crowd(place) + count)
    }
  }
}

interface Wanted {
  readonly path: string
  readonly name: string
  /** Without it the device does not begin. */
  readonly isRequired: boolean
  readonly known: (facts: DeviceFacts) => boolean
}

/** What the campaign's rules depend on, and whether the device's way is one for it. */
function wantedOf(
  { definition: { deltas, limits, require, selector, window }, image }: Campaign,
  path: Way,
): readonly Wanted[] {
  const wanted: Wanted[] = []
  if (require.battery !== undefined) {
    wanted.push({
      path: '/3/0/9',
      name: 'battery level',
      isRequired: true,
      known: ({ vitals }) => vitals.battery !== undefined,
    })
  }
  if (require.signal !== undefined) {
    wanted.push({
      path: '/4/0/2',
      name: 'signal strength',
      isRequired: true,
      known: ({ vitals }) => vitals.signal !== undefined,
    })
  }
  if (selector.version !== undefined || image.fromVersions !== undefined || deltas === true) {
    wanted.push({
      path: '/3/0/3',
      name: 'version',
      isRequired: selector.version !== undefined || image.fromVersions !== undefined,
      known: ({ vitals }) => vitals.version !== undefined,
    })
  }
  if ('legs' in path && path.legs.some(({ hardware }) => hardware !== undefined)) {
    wanted.push({
      path: '/3/0/18',
      name: 'hardware version',
      isRequired: false,
      known: ({ vitals }) => vitals.hardware !== undefined,
    })
  }
  if (limits.perCell !== undefined) {
    wanted.push({ path: '/4/0/8', name: 'cell', isRequired: false, known: ({ vitals }) => vitals.cell !== undefined })
  }
  if (window?.zone === deviceZone) {
    wanted.push({
      path: '/3/0/14',
      name: 'clock',
      isRequired: false,
      known: ({ vitals }) => vitals.utcOffset !== undefined || vitals.timezone !== undefined,
    })
  }
  return wanted
}

/** It may still be made to install what it is to be taken back from. */
function isUnderWay({ state }: CampaignDevice): boolean {
  return state !== 'waiting' && openDeviceStates.includes(state)
}

/** A campaign that goes first for a device: the one that updates it, else the higher priority, else the older. */
function rivalOf(campaign: Campaign, claims: readonly Claim[]): string | undefined {
  for (const { campaign: other, state } of claims) {
    if (other.id === campaign.id) continue
    if (state === 'updating') return `campaign ${other.name} updates it`
    const isActive = !isOver(other.state) && !['draft', 'paused', 'halted', 'aborting'].includes(other.state)
    const [mine, theirs] = [campaign.definition.priority, other.definition.priority]
    if (isActive && (theirs > mine || (theirs === mine && other.id < campaign.id)))
      return `campaign ${other.name} goes first`
  }
  return undefined
}
