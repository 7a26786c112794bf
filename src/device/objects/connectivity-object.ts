/** Object 4, Connectivity Monitoring: the bearer of the personality and a signal that wobbles. */
import type { DeviceObject, Resource } from './object-tree.ts'
import type { Sensors } from './sensors.ts'

const nbiotBearer = 7

export function connectivityObject(bearer: number, sensors: Sensors, addresses: () => readonly string[]): DeviceObject {
  const resources: [number, Resource][] = [
    [0, { name: 'Network Bearer', type: 'integer', read: () => bearer }],
    [1, { name: 'Available Network Bearer', type: 'integer', read: () => [bearer] }],
    [2, { name: 'Radio Signal Strength', type: 'integer', read: () => sensors.readings().signalStrength }],
    [3, { name: 'Link Quality', type: 'integer', read: () => linkQuality(sensors.readings().signalStrength) }],
    [4, { name: 'IP Addresses', type: 'string', read: addresses }],
  ]
  if (bearer === nbiotBearer) {
    resources.push(
      [7, { name: 'APN', type: 'string', read: () => ['iot.example'] }],
      [8, { name: 'Cell ID', type: 'integer', read: () => 26_081_537 }],
      [9, { name: 'SMNC', type: 'integer', read: () => 1 }],
      [10, { name: 'SMCC', type: 'integer', read: () => 1 }],
    )
  }
  return new Map(resources)
}

/** 0–255 for −120 to −40 dBm. */
function linkQuality(signalStrength: number): number {
  return Math.max(0, Math.min(255, Math.round(((signalStrength + 120) / 80) * 255)))
}
