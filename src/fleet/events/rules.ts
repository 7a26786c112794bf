/** Which events a filter lets through. Knows no store. */
import type { EventFilter } from './store.ts'
import type { FleetEvent } from './types.ts'

export function isWanted(event: FleetEvent, { deviceId, endpoint, kinds }: EventFilter): boolean {
  if (kinds !== undefined && !kinds.includes(event.kind)) return false
  if (deviceId === undefined && endpoint === undefined) return true
  return event.deviceId === undefined
    ? endpoint !== undefined && event.endpoint === endpoint
    : event.deviceId === deviceId
}
