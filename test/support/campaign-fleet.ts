/**
 * Campaigns over a fleet of puppets: the real machine and the real rows, devices that do what a test says, and
 * a server that can die before or after any commit. Virtual time.
 */
import { EnvironmentError, UsageError } from '../../src/base/errors.ts'
import { after, instantOf, seconds, type Duration, type Instant } from '../../src/base/time.ts'
import { defaultSettings } from '../../src/config/tunables.ts'
import { Campaigns } from '../../src/engine/campaigns/campaigns.ts'
import type { OctetsAt } from '../../src/engine/campaigns/picture.ts'
import type { CommandReply } from '../../src/engine/inputs.ts'
import { definitionOf, type CampaignDraft } from '../../src/fleet/campaigns/definition.ts'
import type { Campaign } from '../../src/fleet/campaigns/types.ts'
import type { Command } from '../../src/fleet/commands.ts'
import { failureOf } from '../../src/fleet/firmware/results.ts'
import { newUpdate } from '../../src/fleet/firmware/rules.ts'
import type { FirmwareUpdate, UpdateFailure } from '../../src/fleet/firmware/types.ts'
import type { Image } from '../../src/fleet/images/types.ts'
import type { Device, Registration, Vitals } from '../../src/fleet/registry/types.ts'
import type { StoreOp } from '../../src/fleet/store.ts'
import { MemoryStore } from '../../src/sim/memory-store.ts'

export const start = instantOf(Date.UTC(2026, 10, 21))

export function imageOf(version: string, more: Partial<Image> = {}): Image {
  const sha256 = version.replaceAll('.', '').padEnd(64, '0')
  return {
    sha256,
    key: sha256.slice(0, 12),
    size: 20_000,
    version,
    product: 'meter',
    addedAt: start,
    format: 'opaque',
    ...more,
  }
}

/** Who waits is looked at every ten seconds. */
const lookedThrough = seconds(11)

/** Where a process may die. */
export type Death = 'before' | 'after'

/** Failures that a device never is offered anything with. */
const foundBefore: ReadonlySet<UpdateFailure> = new Set(['no-object', 'other-hardware', 'other-version'])

export class CampaignFleet {
  readonly store = new MemoryStore()
  now: Instant = start
  campaigns = this.#boot()
  /** Commands on their way to devices; a death loses them. */
  readonly #underWay: { command: Command; reply: CommandReply }[] = []
  #updates = 0
  /** Commits of campaigns so far, and where the process dies. */
  commits = 0
  death: { readonly at: number; readonly when: Death } | undefined
  restarts = 0
  octetsAt: OctetsAt = () => ({ atHand: true })
  /** Looks at every commit that went through. */
  watch: (ops: readonly StoreOp[]) => void = () => undefined
  /** Looks at every update a campaign asks for. */
  asked: (campaignId: number) => void = () => undefined

  constructor(
    devices: number,
    vitals: (id: number) => Vitals = () => ({ version: '1.0.0' }),
    images: readonly Image[] = [imageOf('1.0.0'), imageOf('1.1.0')],
  ) {
    this.commit(images.map((image) => ({ op: 'image.put', image })))
    for (let id = 1; id <= devices; id++) this.join(id, vitals(id))
  }

  join(id: number, vitals: Vitals = { version: '1.0.0' }): void {
    const device: Device = {
      id,
      endpoint: `urn:dev:${String(id).padStart(4, '0')}`,
      product: 'meter',
      tags: {},
      createdAt: start,
      firstSeen: start,
      lastSeen: this.now,
      learned: { vitals },
    }
    this.commit([
      { op: 'device.put', device },
      { op: 'registration.put', deviceId: id, registration: registrationOf(id, this.now) },
    ])
  }

  create(draft: Partial<CampaignDraft> = {}): Campaign {
    const whole = { name: 'spring', image: '1.1.0', ...draft }
    const definition = definitionOf(whole, 'meter', undefined)
    const [image] = this.store.imageByVersion('meter', whole.image)
    const campaign = this.campaigns.create(whole.name, image!, definition, { by: 'test' }, this.now)
    return this.campaigns.act(campaign, 'start', { by: 'test' }, this.now)
  }

  campaign(name = 'spring'): Campaign {
    return this.store.campaignByName(name)!
  }

  /** How many devices are in a state, and for which reason; over all stages. */
  states(campaign = 1): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const { state, reason, count } of this.store.campaignCounts(campaign)) {
      const key = reason === undefined ? state : `${state}: ${reason}`
      sums[key] = (sums[key] ?? 0) + count
    }
    return sums
  }

  /** Turns until nothing presses; a death on the way is a restart. */
  turn(wait: Duration = 1000 as Duration): void {
    this.now = after(this.now, wait)
    for (let i = 0; i < 200; i++) {
      try {
        if (!this.campaigns.turn(this.now)) return
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error
        if (this.death === undefined) this.restart()
      }
    }
    throw new Error('the campaigns do not come to rest')
  }

  /** Turns so often that all who wait are looked at each time, and lets what was asked reach the devices. */
  go(times = 2): void {
    for (let i = 0; i < times; i++) {
      this.turn(lookedThrough)
      this.deliver()
    }
  }

  /** All that waits reaches the devices, which begin. */
  deliver(): void {
    for (const { command, reply } of this.#underWay.splice(0)) this.#take(command, reply)
  }

  /** The process is no more: what was not committed is gone. */
  restart(): void {
    this.restarts++
    this.#underWay.length = 0
    this.campaigns = this.#boot()
  }

  /** The device's update goes on: told to install, or to its end. */
  follow(deviceId: number, state: 'updating' | 'confirmed' | 'failed', failure: UpdateFailure = 'reverted'): boolean {
    const open = this.store.openUpdate(deviceId)
    if (open === undefined) return false
    const isOffered = state !== 'failed' || !foundBefore.has(failure)
    const installing = isOffered ? { ...open, registrationAtUpdate: 'r', registrationAtOffer: 'q' } : open
    const update: FirmwareUpdate =
      state === 'updating'
        ? { ...installing, state }
        : {
            ...installing,
            state,
            fetched: isOffered ? open.size : 0,
            finishedAt: this.now,
            seen: { firmwareVersion: state === 'confirmed' ? open.version : (this.#runs(deviceId) ?? '1.0.0') },
            ...(state === 'failed' ? { failure, reason: 'as the test said', ...resultOf(failure) } : {}),
          }
    const ops: StoreOp[] = [{ op: 'update.put', update }]
    if (update.campaign !== undefined) ops.push({ op: 'campaign.followed', campaignId: update.campaign, update })
    if (state === 'confirmed') {
      const vitals = { ...this.store.deviceById(deviceId)?.device.learned?.vitals, version: open.version }
      ops.push({ op: 'device.learned', deviceId, learned: { vitals } })
    }
    this.commit(ops)
    return true
  }

  /** Runs the old version again, after its newest update was confirmed. */
  revert(deviceId: number): void {
    const update = this.store.updates(deviceId, 1)[0]!
    this.commit([
      { op: 'update.reverted', id: update.id, at: this.now, reason: 'as the test said' },
      { op: 'campaign.reverted', campaignId: update.campaign!, deviceId, updateId: update.id },
    ])
  }

  /** The device has downloaded, and is not told to install: it waits for that opening of its window, from 0. */
  hold(deviceId: number, opening = 0): void {
    const open = this.store.openUpdate(deviceId)!
    const dueAt = open.options!.installWithin![opening]!.from
    // Told before, it has missed an opening.
    const missed = open.installCommand === undefined ? {} : ({ installCommand: 'unsure' } as const)
    this.#put({ ...open, ...missed, state: 'downloaded', dueAt, changedAt: this.now })
  }

  /** Its window has opened: the command to install is on its way. */
  tell(deviceId: number): void {
    this.#put({ ...this.store.openUpdate(deviceId)!, installCommand: 'asked', changedAt: this.now })
  }

  #put(update: FirmwareUpdate): void {
    this.commit([
      { op: 'update.put', update },
      { op: 'campaign.followed', campaignId: update.campaign!, update },
    ])
  }

  #runs(deviceId: number): string | undefined {
    return this.store.deviceById(deviceId)?.device.learned?.vitals?.version
  }

  delete(deviceId: number): void {
    this.commit([{ op: 'device.delete', deviceId }])
  }

  /** The device speaks. */
  hear(deviceId: number): void {
    if (this.store.deviceById(deviceId) !== undefined) this.commit([{ op: 'device.seen', deviceId, at: this.now }])
  }

  commit(ops: readonly StoreOp[]): void {
    this.store.commit(ops)
    this.campaigns.committed(ops)
    this.watch(ops)
  }

  #boot(): Campaigns {
    const alive = { yes: true }
    return new Campaigns(
      {
        store: this.store,
        commit: (ops) => {
          this.commits++
          const dies = this.death?.at === this.commits ? this.death.when : undefined
          if (dies !== 'before') this.commit(ops)
          if (dies === undefined) return
          this.death = undefined
          alive.yes = false
          throw new EnvironmentError('server.down', 'the server died here', { retriable: true })
        },
        octetsAt: (sha256) => this.octetsAt(sha256),
        submit: (command, reply) => {
          if (command.command === 'firmware.start') this.asked(command.campaign!.id)
          this.#underWay.push({ command, reply })
        },
      },
      defaultSettings,
    )
  }

  #take(command: Command, reply: CommandReply): void {
    const row = this.store.device(command.endpoint)
    if (row === undefined) return reply.reject(new UsageError('device.unknown', 'no such device', { status: 404 }))
    const open = this.store.openUpdate(row.device.id)
    if (command.command === 'firmware.start') {
      if (open !== undefined)
        return reply.reject(new UsageError('firmware.busy', 'it is being updated', { status: 409 }))
      this.#begin(row.device.id, command)
      return reply.resolve(undefined)
    }
    if (command.command !== 'firmware.cancel' || open === undefined) return reply.resolve(undefined)
    if (open.registrationAtUpdate !== undefined) {
      return reply.reject(new UsageError('firmware.installing', 'it installs', { status: 409 }))
    }
    const update: FirmwareUpdate = { ...open, state: 'cancelled', finishedAt: this.now }
    this.commit([
      { op: 'update.put', update },
      ...(update.campaign === undefined
        ? []
        : [{ op: 'campaign.followed', campaignId: update.campaign, update } as const]),
    ])
    reply.resolve(undefined)
  }

  #begin(deviceId: number, { campaign, endpoint, ...wish }: Extract<Command, { command: 'firmware.start' }>): void {
    const update: FirmwareUpdate = {
      ...newUpdate(++this.#updates, { id: deviceId, endpoint }, wish, this.now),
      ...(campaign === undefined ? {} : { campaign: campaign.id }),
    }
    const begun =
      campaign === undefined
        ? []
        : [{ op: 'campaign.begun', campaignId: campaign.id, update, begin: campaign.begin } as const]
    this.commit([{ op: 'update.put', update }, ...begun])
  }
}

function registrationOf(id: number, now: Instant): Registration {
  return {
    id: `r${id}`,
    lwm2mVersion: '1.1',
    lifetime: 86_400 * 365,
    binding: 'U',
    queueMode: false,
    links: '</3/0>,</5/0>',
    registeredAt: now,
    updatedAt: now,
    expiresAt: instantOf(now + 365 * 86_400_000),
    // Ten routers, each with a prefix of its own.
    address: `2001:db8:0:${(id % 10).toString(16)}::${id.toString(16)}`,
    port: 5683,
    messageId: id,
    token: 'aa',
    secured: true,
  }
}

/** What the device reported, where that was the failure. */
function resultOf(failure: UpdateFailure): { readonly result?: number } {
  const result = Array.from({ length: 14 }, (_, each) => each).find((each) => failureOf(each) === failure)
  return result === undefined ? {} : { result }
}
