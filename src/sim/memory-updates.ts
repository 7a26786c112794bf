/** The firmware updates of `memory-store.ts`: by id and by device, and what is forgotten of them. */
import type { Instant } from '../base/time.ts'
import { isFinished } from '../fleet/firmware/rules.ts'
import { trimSlice, type FirmwareOp } from '../fleet/firmware/store.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { DeviceId } from '../fleet/registry/types.ts'

export class MemoryUpdates {
  readonly #byId = new Map<number, FirmwareUpdate>()
  /** Ids, the oldest first. */
  readonly #byDevice = new Map<DeviceId, number[]>()
  #lastId = 0

  get lastId(): number {
    return this.#lastId
  }

  find(id: number): FirmwareUpdate | undefined {
    return this.#byId.get(id)
  }

  /** Newest first. */
  list(deviceId: DeviceId | undefined, limit: number): readonly FirmwareUpdate[] {
    const all = deviceId === undefined ? [...this.#byId.values()].sort((a, b) => b.id - a.id) : this.#of(deviceId)
    return all.slice(0, limit)
  }

  begunBefore(before: Instant, after: number, limit: number): number | undefined {
    const rows = [...this.#byId.values()]
      .filter(({ id }) => id > after)
      .sort((a, b) => a.id - b.id)
      .slice(0, limit)
    const young = rows.findIndex(({ createdAt }) => createdAt >= before)
    return (young === -1 ? rows : rows.slice(0, young)).at(-1)?.id
  }

  put(update: FirmwareUpdate): void {
    const { id, deviceId } = update
    this.#lastId = Math.max(this.#lastId, id)
    if (!this.#byId.has(id)) {
      const ids = [...(this.#byDevice.get(deviceId) ?? []), id]
      this.#byDevice.set(
        deviceId,
        ids.sort((a, b) => a - b),
      )
    }
    this.#byId.set(id, update)
  }

  revert({ id, at, reason }: Extract<FirmwareOp, { op: 'update.reverted' }>): void {
    const update = this.#byId.get(id)
    if (update?.state !== 'confirmed') return
    this.#byId.set(id, {
      ...update,
      state: 'failed',
      failure: 'reverted-later',
      reason,
      changedAt: at,
      finishedAt: at,
    })
  }

  trim({ deviceId, keep }: Extract<FirmwareOp, { op: 'update.trim' }>): void {
    const finished = this.#of(deviceId).filter(isFinished)
    const kept = this.#newestConfirmed(deviceId)
    for (const update of finished.slice(keep, keep + trimSlice)) if (update !== kept) this.#delete(update)
  }

  forget(
    { after, upTo, before }: Extract<FirmwareOp, { op: 'update.forget' }>,
    knows: (id: DeviceId) => boolean,
  ): void {
    const isDue = ({ id, finishedAt }: FirmwareUpdate): boolean =>
      id > after && id <= upTo && finishedAt !== undefined && finishedAt < before
    for (const update of [...this.#byId.values()].filter(isDue)) {
      const isKept = knows(update.deviceId) && update === this.#newestConfirmed(update.deviceId)
      if (!isKept) this.#delete(update)
    }
  }

  #of(deviceId: DeviceId): readonly FirmwareUpdate[] {
    return (this.#byDevice.get(deviceId) ?? []).map((id) => this.#byId.get(id)!).reverse()
  }

  #newestConfirmed(deviceId: DeviceId): FirmwareUpdate | undefined {
    return this.#of(deviceId).find(({ state }) => state === 'confirmed')
  }

  #delete({ id, deviceId }: FirmwareUpdate): void {
    this.#byId.delete(id)
    const left = this.#byDevice.get(deviceId)!.filter((other) => other !== id)
    if (left.length > 0) this.#byDevice.set(deviceId, left)
    else this.#byDevice.delete(deviceId)
  }
}
