/** The campaigns of a store without a disk: the same answers as `storage/sqlite/campaigns`. */
import { instantOf, type Instant } from '../base/time.ts'
import {
  begun,
  changed,
  followed,
  gone,
  openDeviceStates,
  wentBack,
  type CampaignsOp,
  type CampaignsStore,
  type Claim,
  type ProgressPoint,
} from '../fleet/campaigns/store.ts'
import {
  isOver,
  type Campaign,
  type CampaignDevice,
  type CampaignDeviceState,
  type CampaignEntry,
  type CampaignId,
  type DeviceCount,
} from '../fleet/campaigns/types.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { DeviceId } from '../fleet/registry/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import { MemoryImages } from './memory-images.ts'

class Roll {
  readonly devices = new Map<DeviceId, CampaignDevice>()
  readonly byState = new Map<CampaignDeviceState, Set<DeviceId>>()
  readonly counts = new Map<string, DeviceCount>()
  readonly entries: CampaignEntry[] = []
  /** Everybody in the order of rank; made anew when somebody has joined. */
  #ranked: readonly CampaignDevice[] = []

  get ranked(): readonly CampaignDevice[] {
    if (this.#ranked.length !== this.devices.size) {
      this.#ranked = [...this.devices.values()].sort((a, b) => a.rank - b.rank)
    }
    return this.#ranked
  }

  of(state: CampaignDeviceState): readonly CampaignDevice[] {
    return [...(this.byState.get(state) ?? [])].map((id) => this.devices.get(id)!)
  }

  write(before: CampaignDevice | undefined, device: CampaignDevice): void {
    this.devices.set(device.deviceId, device)
    if (before !== undefined) {
      this.byState.get(before.state)?.delete(before.deviceId)
      this.#count(before, -1)
    }
    const same = this.byState.get(device.state)
    if (same === undefined) this.byState.set(device.state, new Set([device.deviceId]))
    else same.add(device.deviceId)
    this.#count(device, 1)
  }

  shed(limit: number): void {
    for (const row of [...this.devices.values()].sort(byDevice).slice(0, limit)) {
      this.devices.delete(row.deviceId)
      this.byState.get(row.state)?.delete(row.deviceId)
    }
  }

  #count({ stage, state, reason }: CampaignDevice, by: number): void {
    const key = `${stage ?? -1} ${state} ${reason ?? ''}`
    const count = (this.counts.get(key)?.count ?? 0) + by
    if (count === 0) this.counts.delete(key)
    else {
      this.counts.set(key, {
        ...(stage === undefined ? {} : { stage }),
        state,
        ...(reason === undefined ? {} : { reason }),
        count,
      })
    }
  }
}

export const isOfCampaigns = (op: StoreOp): op is CampaignsOp => op.op.startsWith('campaign.')

const byDevice = (a: CampaignDevice, b: CampaignDevice): number => a.deviceId - b.deviceId
const idle: readonly Campaign['state'][] = ['draft', 'completed', 'aborted']

/** The store's lower half: `memory-store.ts` knows the devices and their updates. */
export abstract class MemoryCampaigns extends MemoryImages implements CampaignsStore {
  readonly #campaigns = new Map<CampaignId, Campaign>()
  readonly #rolls = new Map<CampaignId, Roll>()
  readonly #discarded = new Set<CampaignId>()
  #lastId = 0
  #entries = 0

  abstract update(id: number): FirmwareUpdate | undefined

  campaign(id: CampaignId): Campaign | undefined {
    return this.#campaigns.get(id)
  }

  campaignByName(name: string): Campaign | undefined {
    return [...this.#campaigns.values()].find((campaign) => campaign.name === name)
  }

  campaigns(before: CampaignId | undefined, limit: number): readonly Campaign[] {
    return [...this.#campaigns.values()]
      .filter(({ id }) => before === undefined || id < before)
      .sort((a, b) => b.id - a.id)
      .slice(0, limit)
  }

  activeCampaigns(): readonly CampaignId[] {
    return [...this.#campaigns.values()].filter(({ state }) => !idle.includes(state)).map(({ id }) => id)
  }

  campaignsOver(limit: number): readonly Campaign[] {
    return this.#over().slice(0, limit)
  }

  countCampaignsOver(): number {
    return this.#over().length
  }

  campaignDiscarded(): CampaignId | undefined {
    return this.#discarded.size === 0 ? undefined : Math.min(...this.#discarded)
  }

  campaignWithEvidence(before: Instant): CampaignId | undefined {
    const isDue = ({ id, finishedAt }: Campaign) =>
      finishedAt !== undefined && finishedAt < before && this.#roll(id).devices.size > 0
    return this.#over().find(isDue)?.id
  }

  lastCampaignId(): CampaignId {
    return this.#lastId
  }

  campaignCounts(id: CampaignId): readonly DeviceCount[] {
    return [...this.#roll(id).counts.values()]
  }

  campaignDevice(id: CampaignId, deviceId: DeviceId): CampaignDevice | undefined {
    return this.#rolls.get(id)?.devices.get(deviceId)
  }

  campaignDevices(
    id: CampaignId,
    state: CampaignDeviceState | undefined,
    after: DeviceId,
    limit: number,
  ): readonly CampaignDevice[] {
    const rows = state === undefined ? [...this.#roll(id).devices.values()] : this.#roll(id).of(state)
    return rows
      .filter(({ deviceId }) => deviceId > after)
      .sort(byDevice)
      .slice(0, limit)
  }

  campaignDevicesWaiting(id: CampaignId, after: number, limit: number): readonly CampaignDevice[] {
    const roll = this.#roll(id)
    const found: CampaignDevice[] = []
    for (const { rank, deviceId } of roll.ranked) {
      if (rank <= after) continue
      const row = roll.devices.get(deviceId)!
      if (row.state === 'waiting' && found.push(row) === limit) break
    }
    return found
  }

  campaignDevicesDue(id: CampaignId, at: number, limit: number): readonly CampaignDevice[] {
    const roll = this.#roll(id)
    return [...roll.of('updating'), ...roll.of('retrying')]
      .filter(({ dueAt }) => dueAt !== undefined && dueAt <= at)
      .sort((a, b) => a.dueAt! - b.dueAt!)
      .slice(0, limit)
  }

  campaignDevicesTouched(id: CampaignId, after: DeviceId, limit: number): readonly CampaignDevice[] {
    return this.#touched(id)
      .filter(({ deviceId }) => deviceId > after)
      .sort(byDevice)
      .slice(0, limit)
  }

  campaignPlacesBusy(): ReturnType<CampaignsStore['campaignPlacesBusy']> {
    return [...this.#rolls.values()].flatMap((roll) =>
      roll.of('updating').map(({ cell, prefix }) => ({
        ...(cell === undefined ? {} : { cell }),
        ...(prefix === undefined ? {} : { prefix }),
        count: 1,
      })),
    )
  }

  campaignOrigins(id: CampaignId, limit: number): ReturnType<CampaignsStore['campaignOrigins']> {
    const byVersion = Map.groupBy(this.#touched(id), ({ fromVersion }) => fromVersion)
    return [...byVersion]
      .map(([version, rows]) => ({ ...(version === undefined ? {} : { version }), count: rows.length }))
      .sort((a, b) => b.count - a.count)
      .slice(0, limit)
  }

  campaignClaims(deviceId: DeviceId): readonly Claim[] {
    return this.#openOf(deviceId).flatMap(({ campaignId, state }) => {
      const campaign = this.#campaigns.get(campaignId)
      return campaign === undefined || idle.includes(campaign.state) ? [] : [{ campaign, state }]
    })
  }

  campaignBytes(id: CampaignId): number {
    return [...this.#roll(id).devices.values()].reduce((sum, row) => {
      const fetched = row.state === 'updating' ? (this.update(row.updateId ?? 0)?.fetched ?? 0) : 0
      return sum + row.bytes + fetched
    }, 0)
  }

  campaignPace(id: CampaignId, since: number): { devices: number; bytes: number } {
    const rows = [...this.#roll(id).devices.values()].filter(
      ({ finishedAt, state }) => (finishedAt ?? 0) > since && state !== 'skipped',
    )
    return { devices: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  campaignProgress(id: CampaignId, from: number, to: number, steps: number): readonly ProgressPoint[] {
    const rows = [...this.#roll(id).devices.values()]
    const width = Math.max(1, (to - from) / (steps - 1))
    return Array.from({ length: steps }, (_, i): ProgressPoint => {
      const at = instantOf(from + i * width)
      const ended = rows.filter(({ finishedAt }) => finishedAt !== undefined && finishedAt <= at)
      return {
        at,
        begun: rows.filter(({ startedAt }) => startedAt !== undefined && startedAt <= at).length,
        succeeded: ended.filter(({ state }) => state === 'succeeded').length,
        failed: ended.filter(({ state }) => state === 'failed' || state === 'timed-out').length,
      }
    })
  }

  campaignEntries(id: CampaignId, limit: number): readonly CampaignEntry[] {
    return this.#roll(id).entries.slice(0, limit)
  }

  #over(): readonly Campaign[] {
    return [...this.#campaigns.values()].filter(({ state }) => isOver(state)).sort((a, b) => a.id - b.id)
  }

  #openOf(deviceId: DeviceId): readonly CampaignDevice[] {
    return [...this.#rolls.values()]
      .map(({ devices }) => devices.get(deviceId))
      .filter((row) => row !== undefined && openDeviceStates.includes(row.state)) as CampaignDevice[]
  }

  /** The device is no more. */
  protected campaignsLose(deviceId: DeviceId): void {
    for (const row of this.#openOf(deviceId)) {
      this.#roll(row.campaignId).write(row, gone(row))
    }
  }

  applyCampaigns(op: CampaignsOp): void {
    switch (op.op) {
      case 'campaign.put':
        this.#lastId = Math.max(this.#lastId, op.campaign.id)
        this.#campaigns.set(op.campaign.id, op.campaign)
        return
      case 'campaign.discard':
        if (!idle.includes(this.#campaigns.get(op.id)?.state ?? 'running')) return
        this.#campaigns.delete(op.id)
        this.#discarded.add(op.id)
        return
      case 'campaign.shed':
        this.#roll(op.id).shed(op.limit)
        return
      case 'campaign.delete':
        if (this.#discarded.delete(op.id)) this.#rolls.delete(op.id)
        return
      case 'campaign.entry':
        this.#roll(op.entry.campaignId).entries.push({ ...op.entry, id: ++this.#entries })
        return
      case 'campaign.enrol':
        if (this.campaignDevice(op.device.campaignId, op.device.deviceId) === undefined) {
          this.#roll(op.device.campaignId).write(undefined, op.device)
        }
        return
      case 'campaign.device': {
        const row = this.campaignDevice(op.campaignId, op.deviceId)
        if (row !== undefined && op.from.includes(row.state))
          this.#roll(op.campaignId).write(row, changed(row, op.change))
        return
      }
      case 'campaign.begun': {
        const row = this.campaignDevice(op.campaignId, op.update.deviceId)
        if (row?.state === 'waiting') this.#roll(op.campaignId).write(row, begun(row, op.update, op.begin))
        return
      }
      case 'campaign.reverted': {
        const row = this.campaignDevice(op.campaignId, op.deviceId)
        const isEnded = idle.includes(this.#campaigns.get(op.campaignId)?.state ?? 'completed')
        if (row !== undefined) this.#roll(op.campaignId).write(row, wentBack(row, op.updateId, isEnded))
        return
      }
      case 'campaign.followed': {
        const row = this.campaignDevice(op.campaignId, op.update.deviceId)
        if (row !== undefined) this.#roll(op.campaignId).write(row, followed(row, op.update))
        return
      }
    }
  }

  #touched(id: CampaignId): readonly CampaignDevice[] {
    return [...this.#roll(id).devices.values()].filter(({ touched }) => touched)
  }

  #roll(id: CampaignId): Roll {
    let roll = this.#rolls.get(id)
    if (roll === undefined) this.#rolls.set(id, (roll = new Roll()))
    return roll
  }
}
