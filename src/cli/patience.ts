/**
 * How an operation waits: `--wait`, `--at-wake`, `--detach` say how long we wait for it, `--priority`,
 * `--expire` and `--key` how it stands in the device's queue.
 */
import type { Command } from 'commander'
import { usageFailure } from './failure.ts'
import type { Patience } from './outcome.ts'
import { countOf, durationOf } from './session.ts'

export interface PatienceOptions {
  readonly wait?: string
  readonly atWake?: boolean
  readonly detach?: boolean
  readonly priority?: string
  readonly expire?: string
  readonly key?: string
}

export function withPatience(command: Command): Command {
  return command
    .option('--wait <duration>', 'wait so long, for a device that sleeps too: 10m, 4h')
    .option('--at-wake', 'a device that sleeps or is away is asked when it comes; do not wait for that')
    .option('--detach', 'do not wait for the device')
    .option('--priority <0-9>', 'its place in the queue of the device: 0 first, 9 last (default: 5)')
    .option('--expire <duration>', 'give it up if the device was not reached by then: 10m, 7d')
    .option('--key <text>', 'asked again under the same key, it is the same operation: done once')
}

export function patienceOf({ wait, atWake = false, detach = false, ...queue }: PatienceOptions): Patience {
  if ([wait !== undefined, atWake, detach].filter(Boolean).length > 1) {
    throw usageFailure('--wait, --at-wake and --detach exclude each other')
  }
  const place = placeOf(queue)
  if (wait !== undefined) return { ...place, patience: 'wait', milliseconds: durationOf('--wait', wait) }
  return { ...place, patience: detach ? 'detached' : atWake ? 'at-wake' : 'awake' }
}

function placeOf({ priority, expire, key }: PatienceOptions): Pick<Patience, 'priority' | 'expireAfter' | 'key'> {
  const place = priority === undefined ? undefined : countOf('--priority', priority)
  if (place !== undefined && place > 9) throw usageFailure(`--priority ${place} is none`, '0 goes first, 9 last')
  if (key?.length === 0 || (key?.length ?? 0) > 128) throw usageFailure('--key takes 1 to 128 characters')
  return {
    ...(place !== undefined && { priority: place }),
    ...(expire !== undefined && { expireAfter: durationOf('--expire', expire) }),
    ...(key !== undefined && { key }),
  }
}
