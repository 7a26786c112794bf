/** Puts the objects of one started device together, in the order it registers them. */
import { connectivityObject } from './objects/connectivity-object.ts'
import { deviceObject, type ClockSettings, type DeviceIdentity, type DeviceReactions } from './objects/device-object.ts'
import type { DeviceObject, ObjectTree } from './objects/object-tree.ts'
import type { Sensors } from './objects/sensors.ts'
import { serverObject, type ServerReactions, type ServerSettings } from './objects/server-object.ts'
import { temperatureObject } from './objects/temperature-object.ts'
import type { Personality } from './personality.ts'

/** What a server may set; it outlives a reboot and ends with a factory reset. */
export interface Settings {
  readonly server: ServerSettings
  readonly clock: ClockSettings
}

export function factorySettings(lifetime: number, personality: Personality): Settings {
  return {
    server: {
      lifetime,
      minimumPeriod: personality.minimumPeriod,
      maximumPeriod: 0,
      queueMode: personality.awakeWindow !== undefined,
    },
    clock: { utcOffset: '+00:00', timezone: 'Etc/UTC', ahead: 0 },
  }
}

export interface ObjectSetParts {
  readonly identity: DeviceIdentity
  readonly personality: Personality
  readonly settings: Settings
  readonly sensors: Sensors
  readonly firmware: DeviceObject
  readonly reactions: DeviceReactions & ServerReactions
  readonly unixSeconds: () => number
  readonly addresses: () => readonly string[]
}

export function objectSet(parts: ObjectSetParts): ObjectTree {
  const { identity, personality, settings, sensors, firmware, reactions, unixSeconds, addresses } = parts
  return new Map([
    [1, serverObject(settings.server, reactions)],
    [3, deviceObject(identity, sensors, settings.clock, reactions, unixSeconds)],
    [4, connectivityObject(personality.bearer, sensors, addresses)],
    [5, firmware],
    [3303, temperatureObject(sensors)],
  ])
}
