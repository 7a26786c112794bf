/** Object 3303, Temperature: the value, its unit, its extremes and their reset. */
import type { DeviceObject, Resource } from './object-tree.ts'
import type { Sensors } from './sensors.ts'

export function temperatureObject(sensors: Sensors): DeviceObject {
  const resources: [number, Resource][] = [
    [5601, { name: 'Min Measured Value', type: 'float', read: () => sensors.readings().coldest }],
    [5602, { name: 'Max Measured Value', type: 'float', read: () => sensors.readings().warmest }],
    [5603, { name: 'Min Range Value', type: 'float', read: () => -40 }],
    [5604, { name: 'Max Range Value', type: 'float', read: () => 85 }],
    [
      5605,
      {
        name: 'Reset Min and Max Measured Values',
        type: 'opaque',
        execute(): undefined {
          sensors.resetExtremes()
        },
      },
    ],
    [5700, { name: 'Sensor Value', type: 'float', read: () => sensors.readings().temperature }],
    [5701, { name: 'Sensor Units', type: 'string', read: () => 'Cel' }],
  ]
  return new Map(resources)
}
