/**
 * What object 10 (Cellular Connectivity) says of a modem's sleep: PSM timers and eDRX cycles as times.
 * Coding of eDRX: 3GPP TS 24.008 §10.5.5.32.
 */
import { seconds, type Duration } from '../base/time.ts'
import type { Entry } from './value.ts'

export interface PowerSaving {
  /** T3412 extended, /10/0/4: the longest silence of a device in PSM. */
  readonly trackingUpdate?: Duration
  /** T3324, /10/0/5: how long it can be reached before it enters PSM. */
  readonly activeTime?: Duration
  /** /10/0/8 or /10/0/9: while connected to the network it listens once in this time. */
  readonly pagingCycle?: Duration
}

/** Cycle lengths of the low four bits, seconds, for LTE (WB-S1). */
const wideCycles = [
  5.12, 10.24, 20.48, 40.96, 61.44, 81.92, 102.4, 122.88, 143.36, 163.84, 327.68, 655.36, 1310.72, 2621.44, 2621.44,
  2621.44,
]
/** For NB-IoT (NB-S1); what the table leaves out counts as 20.48 s. */
const narrowCycles = [
  20.48, 20.48, 20.48, 40.96, 20.48, 81.92, 20.48, 20.48, 20.48, 163.84, 327.68, 655.36, 1310.72, 2621.44, 5242.88,
  10485.76,
]

/** From values of /10/0 in any order; what is absent or of another type stays unknown. */
export function powerSavingOf(entries: readonly Entry[]): PowerSaving {
  const trackingUpdate = secondsAt(entries, 4)
  const activeTime = secondsAt(entries, 5)
  const pagingCycle = cycleAt(entries, 9, narrowCycles) ?? cycleAt(entries, 8, wideCycles)
  return {
    ...(trackingUpdate !== undefined && { trackingUpdate }),
    ...(activeTime !== undefined && { activeTime }),
    ...(pagingCycle !== undefined && { pagingCycle }),
  }
}

function valueAt(entries: readonly Entry[], resource: number): Entry['value'] {
  return entries.findLast(({ path }) => path.length === 3 && path[0] === 10 && path[2] === resource)?.value
}

function secondsAt(entries: readonly Entry[], resource: number): Duration | undefined {
  const value = valueAt(entries, resource)
  if (value?.type !== 'integer' && value?.type !== 'unsigned') return undefined
  return value.value > 0n && value.value < 2n ** 32n ? seconds(Number(value.value)) : undefined
}

function cycleAt(entries: readonly Entry[], resource: number, cycles: readonly number[]): Duration | undefined {
  const value = valueAt(entries, resource)
  const octet = value?.type === 'opaque' ? value.value[0] : undefined
  return octet === undefined ? undefined : seconds(cycles[octet & 15]!)
}
