/** The devices a campaign would be for, counted as they are seen one after the other. Keeps no device. */
import type { Instant } from '../../base/time.ts'
import type { ProfileName } from '../../config/profiles.ts'
import { packageOf, type Leg, type Way } from '../images/types.ts'
import type { DeviceWithStatus } from '../registry/types.ts'
import { wayOver, wayText } from './way.ts'

/** Devices, what all of them are handed, and how often all of them install. */
export interface Sums {
  readonly devices: number
  readonly bytes: number
  readonly hops: number
}

/** The devices a campaign would be for, counted. */
export interface Tally {
  readonly found: number
  readonly eligible: number
  readonly byProfile: ReadonlyMap<ProfileName, Sums>
  /** By the words of their way: `whole`, `by delta, from 1.0.0`. */
  readonly byWay: ReadonlyMap<string, Sums>
  /** Named by the selector, and known to nobody. */
  readonly unknown: { readonly count: number; readonly examples: readonly string[] }
  /** Their way is for some hardware only, and they have not told theirs. */
  readonly hardwareUntold: number
  /** They run a newer version than the image's. */
  readonly newer: number
  /** They tell a Model Number that is not the image's product. */
  readonly otherwise: number
  /** They would be taken back at a breach, and there is no image of what they run. */
  readonly homeless: number
  readonly asleep: number
  /** Neither awake nor asleep: nobody knows when they come. */
  readonly absent: number
  /** When the last of the sleeping is expected. */
  readonly lastWake?: Instant
  readonly excluded: ReadonlyMap<string, { readonly count: number; readonly examples: readonly string[] }>
}

/** Devices named where there are many. */
export const examplesTold = 3

/** What is thought of a device. */
export interface Judgement {
  readonly path: Way
  readonly unfit: string | undefined
  readonly isNewer: boolean
  readonly isOtherwise: boolean
  readonly isHomeless: boolean
}

export class FleetTally implements Tally {
  found = 0
  eligible = 0
  hardwareUntold = 0
  newer = 0
  otherwise = 0
  homeless = 0
  asleep = 0
  absent = 0
  lastWake?: Instant
  readonly byProfile = new Map<ProfileName, Sums>()
  readonly byWay = new Map<string, Sums>()
  readonly excluded = new Map<string, { count: number; examples: string[] }>()
  readonly unknown: Tally['unknown']
  readonly #judge: (device: DeviceWithStatus) => Judgement

  constructor(unknown: Tally['unknown'], judge: (device: DeviceWithStatus) => Judgement) {
    this.unknown = unknown
    this.#judge = judge
  }

  add(device: DeviceWithStatus): void {
    this.found++
    const { path, unfit, isNewer, isOtherwise, isHomeless } = this.#judge(device)
    if (unfit !== undefined || 'misfit' in path) {
      this.#exclude(device, unfit ?? 'does not fit')
      return
    }
    this.eligible++
    if (isNewer) this.newer++
    if (isOtherwise) this.otherwise++
    if (isHomeless) this.homeless++
    this.#send(device, path.legs)
    const isLimited = path.legs.some(({ hardware }) => hardware !== undefined)
    if (isLimited && device.learned?.vitals?.hardware === undefined) this.hardwareUntold++
    if (device.status === 'asleep') {
      this.asleep++
      const wake = device.nextExpectedAt
      if (wake !== undefined && wake > (this.lastWake ?? 0)) this.lastWake = wake
    } else if (device.status !== 'awake') this.absent++
  }

  #send({ network: { profile }, learned }: DeviceWithStatus, legs: readonly [Leg, ...Leg[]]): void {
    const bytes = legs.reduce((sum, leg) => sum + packageOf(leg).size, 0)
    // A delta is from one version alone, which an image of ours has: devices cannot make up others.
    const from = legs[0].delta === undefined ? undefined : learned?.vitals?.version
    const way = wayOver({}, legs)
    const words = `${way === undefined ? 'whole' : wayText(way)}${from === undefined ? '' : `, from ${from}`}`
    add(this.byProfile, profile, bytes, legs.length)
    add(this.byWay, words, bytes, legs.length)
  }

  #exclude({ endpoint }: DeviceWithStatus, reason: string): void {
    let all = this.excluded.get(reason)
    if (all === undefined) this.excluded.set(reason, (all = { count: 0, examples: [] }))
    all.count++
    if (all.examples.length < examplesTold) all.examples.push(endpoint)
  }
}

function add<K>(sums: Map<K, Sums>, key: K, bytes: number, hops: number): void {
  const before = sums.get(key) ?? { devices: 0, bytes: 0, hops: 0 }
  sums.set(key, { devices: before.devices + 1, bytes: before.bytes + bytes, hops: before.hops + hops })
}
