/**
 * What goes wrong in a simulated world, at random moments: the server's process, its disk, the power of
 * devices, their networks. Each can be had alone by hand; here they come by a rate.
 */
import type { Random } from '../base/random.ts'
import { after, hours, milliseconds, minutes, seconds, type Duration, type Instant } from '../base/time.ts'
import { between, exponential, pick } from './chance.ts'
import type { VirtualDevice } from './devices/device.ts'
import { crashPoints } from './server-process.ts'
import { Timer, type Timeline } from './timeline.ts'
import type { VirtualServer } from './virtual-server.ts'

/** How often, in a day; absent is never. */
export interface TroubleRates {
  /** The server is killed, at any moment or at one of its crash points, and started again. */
  readonly serverCrashes?: number
  /** The server is stopped in good order, and started again. */
  readonly serverStops?: number
  /** The disk takes no writes for seconds to minutes. */
  readonly diskTroubles?: number
  /** One commit fails by itself. */
  readonly failedCommits?: number
  /** Of one device: power goes without warning. */
  readonly powerCycles?: number
  /** Of one device: it leaves with a De-register and comes back. */
  readonly departures?: number
  /** Of one device: its network is away for minutes to hours. */
  readonly outages?: number
  /** A tenth of all devices lose power at once and come back within minutes. */
  readonly blackouts?: number
}

export interface TroublesOptions {
  readonly timeline: Timeline
  readonly server: VirtualServer
  readonly devices: readonly VirtualDevice[]
  readonly chance: Random
  readonly rates: TroubleRates
}

/** How soon a crash point is reached at the latest, else the process is killed where it is. */
const crashWithin: Duration = seconds(20)

export class Troubles {
  readonly #options: TroublesOptions
  #stopped = false

  constructor(options: TroublesOptions) {
    this.#options = options
  }

  begin(now: Instant): void {
    const { devices, rates } = this.#options
    const fleet = devices.length
    this.#every(now, rates.serverCrashes, (at) => this.crashServer(at))
    this.#every(now, rates.serverStops, (at) => this.stopServer(at))
    this.#every(now, rates.diskTroubles, (at) => this.troubleDisk(at))
    this.#every(now, rates.failedCommits, () => this.#options.server.disk.failNextCommit())
    this.#every(now, times(rates.powerCycles, fleet), (at) => this.#anyDevice().crash(at))
    this.#every(now, times(rates.departures, fleet), (at) => this.#depart(at, this.#anyDevice()))
    this.#every(now, times(rates.outages, fleet), (at) => this.#cut(at, this.#anyDevice()))
    this.#every(now, rates.blackouts, (at) => this.blackout(at, 0.1))
  }

  /** No more of it; what is broken is mended within minutes. */
  stop(): void {
    this.#stopped = true
  }

  crashServer(now: Instant): void {
    const { chance, server } = this.#options
    if (!server.isUp) return
    const life = server.starts
    if (chance.fraction() < 0.5) server.crashAt(pick(chance, crashPoints))
    else server.kill()
    this.#in(now, crashWithin, () => {
      if (server.starts === life) server.kill()
    })
    this.#in(now, crashWithin + exponential(chance, seconds(30)), (at) => server.start(at))
  }

  stopServer(now: Instant): void {
    const { chance, server } = this.#options
    server.stop(now)
    this.#in(now, exponential(chance, seconds(10)), (at) => server.start(at))
  }

  troubleDisk(now: Instant): void {
    const { chance, server } = this.#options
    server.disk.trouble = chance.fraction() < 0.7 ? 'full' : 'unavailable'
    this.#in(now, between(chance, seconds(5), minutes(5)), () => {
      server.disk.trouble = 'none'
    })
  }

  /** A share of the fleet loses power and gets it back at about the same time (devices.md §6, storm a). */
  blackout(now: Instant, share: number): void {
    const { chance, devices } = this.#options
    for (const device of devices) {
      if (chance.fraction() >= share) continue
      device.powerOff(now)
      device.powerOnAt(after(now, milliseconds(between(chance, minutes(5), minutes(8)))))
    }
  }

  #depart(now: Instant, device: VirtualDevice): void {
    const { life } = device
    if (life === undefined) return
    life.registration.deregister(now, (at) => {
      device.powerOff(at)
      device.powerOnAt(after(at, milliseconds(between(this.#options.chance, minutes(1), hours(2)))))
    })
  }

  #cut(now: Instant, { link }: VirtualDevice): void {
    const { chance } = this.#options
    link.cut = true
    this.#in(now, exponential(chance, minutes(20)), () => {
      link.cut = false
    })
  }

  #anyDevice(): VirtualDevice {
    return pick(this.#options.chance, this.#options.devices)
  }

  #every(now: Instant, perDay: number | undefined, happen: (now: Instant) => void): void {
    if (perDay === undefined || perDay === 0) return
    this.#in(now, exponential(this.#options.chance, hours(24) / perDay), (at) => {
      if (this.#stopped) return
      happen(at)
      this.#every(at, perDay, happen)
    })
  }

  #in(now: Instant, wait: number, action: (now: Instant) => void): void {
    this.#options.timeline.set(new Timer(action), after(now, milliseconds(wait)))
  }
}

function times(rate: number | undefined, count: number): number {
  return (rate ?? 0) * count
}
