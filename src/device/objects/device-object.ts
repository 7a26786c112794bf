/** Object 3, Device: who it is, its battery, its clock, and the two executables that make it go away. */
import type { Code, DeviceObject, Resource } from './object-tree.ts'
import type { Sensors } from './sensors.ts'

export interface DeviceIdentity {
  readonly endpoint: string
  /** Model number (/3/0/1), what a server may know products by. */
  readonly product: string
  /** Version of the image now running (/3/0/3). */
  readonly version: string
  readonly queueMode: boolean
}

export interface DeviceReactions {
  readonly reboot: () => void
  readonly factoryReset: () => void
}

/** What a server may write in object 3. */
export interface ClockSettings {
  /** "+02:00" */
  utcOffset: string
  /** IANA time zone name. */
  timezone: string
  /** Seconds the device's clock is ahead of ours, set by writing /3/0/13. */
  ahead: number
}

export function deviceObject(
  identity: DeviceIdentity,
  sensors: Sensors,
  clock: ClockSettings,
  reactions: DeviceReactions,
  unixSeconds: () => number,
): DeviceObject {
  const resources: [number, Resource][] = [
    [0, { name: 'Manufacturer', type: 'string', read: () => 'Coapstan virtual device' }],
    [1, { name: 'Model Number', type: 'string', read: () => identity.product }],
    [2, { name: 'Serial Number', type: 'string', read: () => serialNumber(identity.endpoint) }],
    [3, { name: 'Firmware Version', type: 'string', read: () => identity.version }],
    [4, { name: 'Reboot', type: 'opaque', execute: then(reactions.reboot) }],
    [5, { name: 'Factory Reset', type: 'opaque', execute: then(reactions.factoryReset) }],
    [6, { name: 'Available Power Sources', type: 'integer', read: () => [1] }],
    [7, { name: 'Power Source Voltage', type: 'integer', read: () => [sensors.readings().batteryVoltage] }],
    [8, { name: 'Power Source Current', type: 'integer', read: () => [sensors.readings().batteryCurrent] }],
    [9, { name: 'Battery Level', type: 'integer', read: () => sensors.readings().batteryLevel }],
    [10, { name: 'Memory Free', type: 'integer', read: () => 64 }],
    [11, { name: 'Error Code', type: 'integer', read: () => [0] }],
    [
      13,
      {
        name: 'Current Time',
        type: 'time',
        read: () => unixSeconds() + clock.ahead,
        write: (value): undefined => {
          clock.ahead = Number(value) - unixSeconds()
        },
      },
    ],
    [
      14,
      {
        name: 'UTC Offset',
        type: 'string',
        read: () => clock.utcOffset,
        write(value): Code | undefined {
          // "UTC+X" in ISO 8601: Z, ±hh, ±hhmm or ±hh:mm
          if (typeof value !== 'string' || !/^(Z|[+-]\d{2}(:?\d{2})?)$/.test(value)) return '4.00'
          clock.utcOffset = value
          return undefined
        },
      },
    ],
    [
      15,
      {
        name: 'Timezone',
        type: 'string',
        read: () => clock.timezone,
        write: (value): undefined => {
          clock.timezone = String(value)
        },
      },
    ],
    [16, { name: 'Supported Binding and Modes', type: 'string', read: () => (identity.queueMode ? 'UQ' : 'U') }],
    [17, { name: 'Device Type', type: 'string', read: () => 'virtual' }],
    [18, { name: 'Hardware Version', type: 'string', read: () => '1' }],
    [19, { name: 'Software Version', type: 'string', read: () => identity.version }],
    [20, { name: 'Battery Status', type: 'integer', read: () => 0 }],
    [21, { name: 'Memory Total', type: 'integer', read: () => 256 }],
  ]
  return new Map(resources)
}

/** The last part of an endpoint name like urn:imei:350000000000001 is what tells one device from another. */
function serialNumber(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(':') + 1)
}

function then(react: () => void): () => undefined {
  return () => {
    react()
  }
}
