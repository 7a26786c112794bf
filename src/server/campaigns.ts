/**
 * The campaigns' place in the process: a clock that turns them, the way of their commits and commands, and a
 * tap on what is committed, by which they hear of devices that have spoken.
 */
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Instant } from '../base/time.ts'
import { Campaigns, type CampaignSettings } from '../engine/campaigns/campaigns.ts'
import type { OctetsAt } from '../engine/campaigns/picture.ts'
import type { CampaignActors } from '../fleet/campaigns/service.ts'
import type { Store, StoreOp } from '../fleet/store.ts'
import { heardIn } from '../storage/sqlite/rows.ts'
import type { SqliteStore } from '../storage/sqlite/store.ts'
import type { Control } from './control.ts'

/** Milliseconds between two turns where nothing presses. */
const turnEvery = 500

export interface CampaignsParts {
  readonly store: Store
  readonly control: Control
  readonly now: () => Instant
  readonly octetsAt: OctetsAt
  readonly settings: CampaignSettings
  readonly log: Log
}

export class CampaignsClock implements CampaignActors {
  readonly #campaigns: Campaigns
  readonly #parts: CampaignsParts
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined
  #stopped = false

  constructor(parts: CampaignsParts) {
    const { store, control, octetsAt, settings } = parts
    this.#parts = parts
    this.#campaigns = new Campaigns(
      {
        store,
        octetsAt,
        commit: (ops, events) => control.commitNow(ops, events),
        submit: (command, reply) =>
          void control.submit(command).then(
            (result) => reply.resolve(result),
            (error: Error) => reply.reject(error),
          ),
      },
      settings,
    )
  }

  /** The returned function stops it for good. */
  start(): () => void {
    this.#wait(turnEvery)
    return () => {
      this.#stopped = true
      clearTimeout(this.#timer as NodeJS.Timeout)
      clearImmediate(this.#timer as NodeJS.Immediate)
    }
  }

  /** What the store has just committed. */
  readonly committed: Campaigns['committed'] = (ops) => this.#campaigns.committed(ops)

  readonly create: CampaignActors['create'] = (name, image, definition, author) =>
    this.#campaigns.create(name, image, definition, author, this.#parts.now())

  readonly act: CampaignActors['act'] = (campaign, action, author) =>
    this.#campaigns.act(campaign, action, author, this.#parts.now())

  readonly rollBack: CampaignActors['rollBack'] = (campaign, image, author) =>
    this.#campaigns.rollBack(campaign, image, author, this.#parts.now())

  readonly remove: CampaignActors['remove'] = (campaign, author) => this.#campaigns.remove(campaign, author)

  #wait(milliseconds: number): void {
    if (this.#stopped) return
    const turn = (): void => this.#wait(this.#turn() ? 0 : turnEvery)
    this.#timer = milliseconds === 0 ? setImmediate(turn) : setTimeout(turn, milliseconds)
  }

  /** True where more is to be done at once. */
  #turn(): boolean {
    try {
      return this.#campaigns.turn(this.#parts.now())
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      this.#parts.log.warn({ code: error.code, error: error.message }, 'campaigns wait for the store')
      return false
    }
  }
}

/** The store, whose commits `listeners` hear of once they are durable; of rows they hear which devices spoke. */
export function tapped(store: SqliteStore, listeners: readonly Store['commit'][]): SqliteStore {
  return {
    ...store,
    commit: (ops) => {
      store.commit(ops)
      const told: StoreOp[] = []
      for (const op of ops) {
        if (op.op === 'rows') told.push(...heardIn(op.rows))
        else told.push(op)
      }
      for (const listener of listeners) listener(told)
    },
  }
}
