/**
 * The week every change is measured against: the whole mix of clients, asleep most of the time, behind lossy
 * networks and translators that forget them, with a server that is killed and stopped under them. Says what
 * such a world is and what is counted of it; how many devices and how many days is its caller's choice.
 */
import type { Duration } from '../base/time.ts'
import { days, hours, milliseconds } from '../base/time.ts'
import type { ObjectLibrary } from '../lwm2m/model/library.ts'
import type { SecurityOptions } from './security.ts'
import { World } from './world.ts'

export interface WeekOptions {
  readonly seed: number
  readonly devices: number
  readonly library: ObjectLibrary
  /** Every device speaks DTLS with it; plain CoAP without. */
  readonly security?: SecurityOptions
  /** Troubles of the server in a day: crashes; half as many stops and troubles of its disk. */
  readonly serverCrashes?: number
}

/** What a week came to. */
export interface WeekFigures {
  readonly devices: number
  readonly simulatedHours: number
  readonly datagrams: number
  readonly datagramsLost: number
  readonly datagramsDoubled: number
  /** Times a translator gave a device another port or address. */
  readonly rebindings: number
  readonly serverLives: number
  readonly powerCycles: number
  readonly registrations: number
  readonly updates: number
  /** Acknowledged, each found in what was committed. */
  readonly notifications: number
  readonly sends: number
  /** Accepted from the operator, each ended. */
  readonly operations: number
  /** Carried out by devices, each once. */
  readonly writesAndExecutes: number
  /** Wanted at the end, each established on its device. */
  readonly intents: number
  /** Datagrams that met a radio just asleep, which nobody could know. */
  readonly justMissed: number
}

/** A world at the start of its week. */
export function weekOf({ serverCrashes = 8, ...options }: WeekOptions): World {
  const world = new World({
    ...options,
    operationsPerDay: 2,
    boot: hours(1),
    troubles: {
      serverCrashes,
      serverStops: serverCrashes / 2,
      diskTroubles: serverCrashes / 2,
      failedCommits: serverCrashes,
      powerCycles: 0.1,
      departures: 0.02,
      outages: 0.1,
      blackouts: 2 / 7,
    },
  })
  world.begin()
  return world
}

/**
 * Lives through `length`, a day at a time, and lets it come to rest: ends with an error where anything that was
 * promised does not hold. `dawn` hears of every day.
 */
export function liveThrough(
  world: World,
  length: Duration,
  dawn: (day: number) => void = () => undefined,
): WeekFigures {
  const day = days(1)
  for (let lived = 0; lived < length; lived += day) {
    world.run(milliseconds(Math.min(day, length - lived)))
    dawn(lived / day + 1)
  }
  world.calm(hours(25))
  const figures = figuresOf(world)
  world.silence()
  return figures
}

const startOfTime = Date.UTC(2026, 0, 1)

function figuresOf({ devices, ledger, network, now, operator, server }: World): WeekFigures {
  const { counts } = ledger
  const { store } = server.disk
  const intents = devices.flatMap(({ endpoint }) => {
    const row = store.device(endpoint)
    return row === undefined ? [] : store.observations(row.device.id, 1000)
  })
  return {
    devices: devices.length,
    simulatedHours: Math.round((now - startOfTime) / hours(1)),
    datagrams: network.counts.sent,
    datagramsLost: network.counts.lost,
    datagramsDoubled: network.counts.duplicated,
    rebindings: network.counts.rebound,
    serverLives: server.starts,
    powerCycles: devices.reduce((sum, { restarts }) => sum + restarts, 0),
    registrations: counts.registers,
    updates: counts.updates,
    notifications: counts.notifications,
    sends: counts.sends,
    operations: operator.accepted.size,
    writesAndExecutes: counts.writes + counts.executes,
    intents: intents.filter(({ state }) => state === 'established').length,
    justMissed: counts.justMissed,
  }
}
