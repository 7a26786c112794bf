/**
 * The campaigns that are under way, each an actor of its own beside the devices': a turn takes a picture of it
 * from the store, plans one step, commits that, and then asks the devices' actors for what the step wants.
 * What must not be lost is in the store, in the transaction of what it belongs to; here is only what this life
 * of the server has asked for and not heard of yet. Knows no clock and no thread.
 */
import { EnvironmentError, UsageError } from '../../base/errors.ts'
import { after, between, seconds, type Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Start, Starting } from '../../fleet/campaigns/admission.ts'
import { isShort } from '../../fleet/campaigns/budget.ts'
import { act, newCampaign, rollBack, startedWayBack, type CampaignAction } from '../../fleet/campaigns/commands.ts'
import { Course, type CampaignStep } from '../../fleet/campaigns/course.ts'
import { removalOf, validateRemoval } from '../../fleet/campaigns/retention.ts'
import { step } from '../../fleet/campaigns/rules.ts'
import type { CampaignsOp } from '../../fleet/campaigns/store.ts'
import {
  isOver,
  type Author,
  type Campaign,
  type CampaignDefinition,
  type CampaignDevice,
  type CampaignId,
} from '../../fleet/campaigns/types.ts'
import type { Command } from '../../fleet/commands.ts'
import type { EventDraft } from '../../fleet/events/types.ts'
import { wishOf, wishOfLeg } from '../../fleet/firmware/journey.ts'
import type { UpdateWish } from '../../fleet/firmware/rules.ts'
import type { Image } from '../../fleet/images/types.ts'
import { statusRulesOf, type StatusRules, type StatusSettings } from '../../fleet/registry/rules.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import type { CommandReply } from '../inputs.ts'
import type { CampaignReads } from './paths.ts'
import { pictureOf, type Look, type OctetsAt } from './picture.ts'
import { campaignImageOf, reopened, wayBackOf } from './way-back.ts'

export interface CampaignPorts {
  readonly store: CampaignReads
  /** Durable when it returns; throws EnvironmentError, and then nothing of it is. */
  commit(ops: readonly CampaignsOp[], events: readonly EventDraft[]): void
  /** A command for a device's actor. */
  submit(command: Command, reply: CommandReply): void
  readonly octetsAt: OctetsAt
}

export type CampaignSettings = Pick<Settings, 'campaigns.active'> & StatusSettings

/** Devices heard of since the last turn; with more of them the rest is found by looking through the waiting. */
const heardLimit = 1024
/** All waiting devices are looked through at most so often. */
const passInterval = seconds(10)
/** How long a question of ours may wait for its device. */
const questionPatience = seconds(600)
/** Steps of one campaign in one turn: the devices get their turn in between. */
const stepsATurn = 4

/** What one campaign has asked for in this life of the server. */
class Errands {
  readonly since: Instant
  readonly starting = new Map<DeviceId, Starting>()
  readonly cancelled = new Set<DeviceId>()
  /** What devices refused; written down with the next turn. */
  readonly refusals: CampaignsOp[] = []
  /** Where the look through the waiting devices stands; undefined between two of them. */
  scanFrom: number | undefined = -1
  passBegan: Instant | undefined

  constructor(since: Instant) {
    this.since = since
  }
}

export class Campaigns {
  readonly #ports: CampaignPorts
  readonly #settings: CampaignSettings
  readonly #status: StatusRules
  readonly #errands = new Map<CampaignId, Errands>()
  readonly #heard = new Set<DeviceId>()
  /** When this life of the server first looked at campaigns. */
  #since: Instant | undefined

  constructor(ports: CampaignPorts, settings: CampaignSettings) {
    this.#ports = ports
    this.#settings = settings
    this.#status = statusRulesOf(settings)
  }

  /** For whoever commits what devices' actors decide: they that have spoken are awake now. */
  committed(ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.op !== 'registration.touch' && op.op !== 'registration.put' && op.op !== 'device.seen') continue
      if (this.#heard.size < heardLimit) this.#heard.add(op.deviceId)
    }
  }

  /**
   * Every campaign under way takes its next step. True where one has more to do at once. Throws
   * EnvironmentError where a step could not be committed; it is taken again with the next turn.
   */
  turn(now: Instant): boolean {
    const heard = [...this.#heard]
    this.#heard.clear()
    const active = this.#ports.store.activeCampaigns()
    for (const id of this.#errands.keys()) if (!active.includes(id)) this.#errands.delete(id)
    let again = false
    for (const id of active) again = this.#steps(id, heard, now) || again
    return again
  }

  #steps(id: CampaignId, heard: readonly DeviceId[], now: Instant): boolean {
    for (let taken = 0; taken < stepsATurn; taken++) {
      const campaign = this.#ports.store.campaign(id)
      if (campaign === undefined || isOver(campaign.state)) return false
      if (!this.#step(campaign, heard, now)) return false
    }
    return true
  }

  #step(campaign: Campaign, heard: readonly DeviceId[], now: Instant): boolean {
    const errands = this.#errandsOf(campaign.id, now)
    if (errands.refusals.length > 0) this.#ports.commit(errands.refusals.splice(0), [])
    const look = this.#look(campaign, errands, heard, now)
    const taken = step(look, errands, now)
    this.#commit(campaign, taken)
    if (!taken.again) this.#lookedThrough(errands, look, taken, now)
    this.#carryOut(taken, errands, now)
    if (taken.rollback === undefined) return taken.again
    const course = new Course(taken.next, now)
    startedWayBack(
      course,
      taken.rollback,
      { by: 'campaign', why: taken.next.reason ?? 'the failure gate' },
      this.#nextId(),
      this.#nameOfWayBack(campaign),
    )
    this.#commit(taken.next, course)
    return true
  }

  #look(campaign: Campaign, errands: Errands, heard: readonly DeviceId[], now: Instant): Look {
    const { scanFrom, passBegan } = errands
    if (scanFrom === undefined && (passBegan === undefined || between(passBegan, now) >= passInterval)) {
      errands.scanFrom = -1
    }
    const { store, octetsAt } = this.#ports
    return pictureOf(store, campaign, errands, { heard, scanFrom: errands.scanFrom }, now, this.#status, octetsAt)
  }

  /** The look goes on where it ended; from the same place where there was no room for all it saw. */
  #lookedThrough(
    errands: Errands,
    { room, scannedTo, missing }: Look,
    { starts, next }: CampaignStep,
    now: Instant,
  ): void {
    if (room.parallel === 0 || errands.scanFrom === undefined) return
    if (errands.scanFrom === -1) errands.passBegan = now
    const fresh = starts.filter(({ row }) => row.stage === undefined).length
    const isSpent = next.credit !== undefined && isShort(next.credit)
    // In a moment it is known whether they are at hand.
    const isLooking = [...missing.values()].includes(undefined)
    const isFull = isSpent || isLooking || starts.length === room.parallel || (fresh > 0 && fresh === room.share)
    if (!isFull) errands.scanFrom = scannedTo
  }

  // ——— what operators ask ———

  /** Throws UsageError 'campaign.exists' (409). */
  create(name: string, image: Image, definition: CampaignDefinition, author: Author, now: Instant): Campaign {
    if (this.#ports.store.campaignByName(name) !== undefined) {
      throw new UsageError('campaign.exists', `there is a campaign ${name} already`, {
        status: 409,
        hint: `'coapstan campaign show ${name}' shows it; give this one another name`,
      })
    }
    const course = new Course(newCampaign(this.#nextId(), name, campaignImageOf(image), definition, now), now)
    course.change({})
    course.note('created', author.why, author.by)
    this.#commit(undefined, course)
    return course.next
  }

  /** Throws UsageError 'campaign.state', 'campaign.approval' or 'campaign.too-many' (409). */
  act(campaign: Campaign, action: CampaignAction, author: Author, now: Instant): Campaign {
    const limit = this.#settings['campaigns.active']
    if (action === 'start' && this.#ports.store.activeCampaigns().length >= limit) {
      throw new UsageError('campaign.too-many', `${limit} campaigns are under way already`, {
        status: 409,
        hint: "'coapstan campaign list' shows them; wait for one, or abort one",
      })
    }
    const errands = this.#errandsOf(campaign.id, now)
    const taken = act(this.#look(campaign, errands, [], now), action, author, now)
    this.#commit(campaign, taken)
    return taken.next
  }

  /** Hidden at once, forgotten a slice at a time. Throws UsageError 'campaign.state' (409). */
  remove(campaign: Campaign, author: Author): void {
    validateRemoval(this.#ports.store, campaign)
    this.#ports.commit([{ op: 'campaign.discard', id: campaign.id }], [removalOf(campaign, 'operator', author)])
  }

  /** The campaign that takes back. Throws UsageError 'campaign.state' or 'campaign.rollback' (409). */
  rollBack(campaign: Campaign, image: Image | undefined, author: Author, now: Instant): Campaign {
    const { store } = this.#ports
    const look = this.#look(reopened(store, campaign), this.#errandsOf(campaign.id, now), [], now)
    const picture = { ...look, wayBack: wayBackOf(store, campaign, image) }
    const taken = rollBack(picture, author, () => this.#nextId(), this.#nameOfWayBack(campaign), now)
    this.#commit(campaign, taken)
    return taken.created
  }

  // ——— doing ———

  #commit(before: Campaign | undefined, { ops, next }: Pick<CampaignStep, 'ops' | 'next'>): void {
    if (ops.length === 0) return
    const changed = ops.flatMap((op) => (op.op === 'campaign.put' && op.campaign.id !== next.id ? [op.campaign] : []))
    const events = [...(before?.state === next.state ? [] : [eventOf(next)]), ...changed.map(eventOf)]
    this.#ports.commit(ops, events)
  }

  #carryOut({ next, starts, cancels, questions }: CampaignStep, errands: Errands, now: Instant): void {
    for (const start of starts) this.#start(next, start, errands)
    for (const row of cancels) this.#cancel(row, errands)
    for (const { row, paths } of questions) {
      for (const path of paths) {
        const draft = { kind: 'read', path, origin: 'campaign', deadline: after(now, questionPatience) } as const
        this.#ports.submit({ command: 'operation.submit', endpoint: row.endpoint, draft }, unheard)
      }
    }
  }

  #start({ id }: Campaign, start: Start, { starting, cancelled, refusals }: Errands): void {
    const { row, begin } = start
    const { deviceId, endpoint } = row
    // What was taken back once and is begun anew can be taken back again.
    cancelled.delete(deviceId)
    starting.set(deviceId, {
      isNew: row.stage === undefined,
      ...(begin.cell === undefined ? {} : { cell: begin.cell }),
      ...(begin.prefix === undefined ? {} : { prefix: begin.prefix }),
    })
    this.#ports.submit(
      { command: 'firmware.start', endpoint, campaign: { id, begin }, ...wishOfStart(start) },
      {
        resolve: () => void starting.delete(deviceId),
        reject: (error) => {
          starting.delete(deviceId)
          const change = changeAfter(error)
          if (change !== undefined)
            refusals.push({ op: 'campaign.device', campaignId: id, deviceId, from: ['waiting'], change })
        },
      },
    )
  }

  #cancel({ deviceId, endpoint }: CampaignDevice, { cancelled }: Errands): void {
    cancelled.add(deviceId)
    this.#ports.submit(
      { command: 'firmware.cancel', endpoint },
      {
        resolve: () => undefined,
        // A store that is away for a while is no answer of the device's.
        reject: (error) => {
          if (error instanceof EnvironmentError) cancelled.delete(deviceId)
        },
      },
    )
  }

  #errandsOf(id: CampaignId, now: Instant): Errands {
    let errands = this.#errands.get(id)
    if (errands === undefined) this.#errands.set(id, (errands = new Errands((this.#since ??= now))))
    return errands
  }

  #nextId(): CampaignId {
    return this.#ports.store.lastCampaignId() + 1
  }

  #nameOfWayBack({ name }: Campaign): string {
    const base = `${name.slice(0, 52)}-rollback`
    for (let i = 1; ; i++) {
      const candidate = i === 1 ? base : `${base}-${i}`
      if (this.#ports.store.campaignByName(candidate) === undefined) return candidate
    }
  }
}

/** One hop alone: the campaign begins the next itself. */
function wishOfStart({ leg, from, installWithin, begin: { way, dueAt } }: Start): UpdateWish {
  // Its own tries end where the campaign's time-out would: what the device says is worth more than that it timed out.
  const wish = { options: { givenUpAt: dueAt, ...(installWithin !== undefined && { installWithin }) } }
  if (way === undefined) return wishOfLeg(wish, leg)
  const place = { goal: way.legs.at(-1)!.version, hop: way.done + 1, hops: way.legs.length }
  return wishOf(wish, { ...place, leg, onward: [], ...(from === undefined ? {} : { from }) })
}

/** Whatever becomes of it is seen in the device's row. */
const unheard: CommandReply = { resolve: () => undefined, reject: () => undefined }

function changeAfter(error: Error): Extract<CampaignsOp, { op: 'campaign.device' }>['change'] | undefined {
  if (!(error instanceof UsageError)) return undefined
  if (error.code === 'firmware.busy') return { reason: 'is being updated by somebody' }
  // Not this device, and not with this image, however often it is asked.
  if (error.status === 422) return { state: 'skipped', reason: `refused (${error.code})`, detail: error.message }
  return { reason: `refused (${error.code})`, detail: error.message }
}

function eventOf({ id, name, state, stage, reason, image }: Campaign): EventDraft {
  return {
    kind: 'campaign.state',
    cause: 'campaign',
    detail: {
      campaign: id,
      name,
      state,
      stage: stage + 1,
      version: image.version,
      ...(reason === undefined ? {} : { reason }),
    },
  }
}
