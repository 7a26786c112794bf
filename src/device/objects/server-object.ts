/** Object 1, LwM2M Server: lifetime, notification defaults and the Update trigger of the one server it has. */
import type { Code, DeviceObject, Resource } from './object-tree.ts'

/** What a server may set in object 1; the registration and the observations read it. */
export interface ServerSettings {
  /** Seconds. */
  lifetime: number
  /** Seconds, 0 for none (/1/0/2). */
  minimumPeriod: number
  /** Seconds, 0 for none (/1/0/3). */
  maximumPeriod: number
  readonly queueMode: boolean
}

export interface ServerReactions {
  /** The lifetime changed: the next Update carries it, and is due now. */
  readonly lifetimeChanged: () => void
  readonly updateTriggered: () => void
  /** 4.05 where there is no bootstrap server to ask. */
  readonly bootstrapTriggered: () => Code | undefined
}

export function serverObject(settings: ServerSettings, reactions: ServerReactions): DeviceObject {
  const period =
    (name: 'minimumPeriod' | 'maximumPeriod') =>
    (value: unknown): Code | undefined => {
      if (typeof value !== 'number' || value < 0) return '4.00'
      settings[name] = value
      return undefined
    }
  const resources: [number, Resource][] = [
    [0, { name: 'Short Server ID', type: 'integer', read: () => 1 }],
    [
      1,
      {
        name: 'Lifetime',
        type: 'integer',
        read: () => settings.lifetime,
        write(value): Code | undefined {
          if (typeof value !== 'number' || value < 1) return '4.00'
          settings.lifetime = value
          reactions.lifetimeChanged()
          return undefined
        },
      },
    ],
    [
      2,
      {
        name: 'Default Minimum Period',
        type: 'integer',
        read: () => settings.minimumPeriod,
        write: period('minimumPeriod'),
      },
    ],
    [
      3,
      {
        name: 'Default Maximum Period',
        type: 'integer',
        read: () => settings.maximumPeriod,
        write: period('maximumPeriod'),
      },
    ],
    [6, { name: 'Notification Storing When Disabled or Offline', type: 'boolean', read: () => false }],
    [7, { name: 'Binding', type: 'string', read: () => (settings.queueMode ? 'UQ' : 'U') }],
    [
      8,
      {
        name: 'Registration Update Trigger',
        type: 'opaque',
        execute(): undefined {
          reactions.updateTriggered()
        },
      },
    ],
    [9, { name: 'Bootstrap-Request Trigger', type: 'opaque', execute: () => reactions.bootstrapTriggered() }],
  ]
  return new Map(resources)
}
