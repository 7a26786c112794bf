/** `--wait`, `--at-wake`, `--detach`: how long to wait for a device that may sleep. */
import type { Command } from 'commander'
import { usageFailure } from './failure.ts'
import type { Patience } from './outcome.ts'
import { durationOf } from './session.ts'

export interface PatienceOptions {
  readonly wait?: string
  readonly atWake?: boolean
  readonly detach?: boolean
}

export function withPatience(command: Command): Command {
  return command
    .option('--wait <duration>', 'wait so long, for a device that sleeps too: 10m, 4h')
    .option('--at-wake', 'a sleeping device is asked when it wakes; do not wait for that')
    .option('--detach', 'do not wait for the device')
}

export function patienceOf({ wait, atWake = false, detach = false }: PatienceOptions): Patience {
  if ([wait !== undefined, atWake, detach].filter(Boolean).length > 1) {
    throw usageFailure('--wait, --at-wake and --detach exclude each other')
  }
  if (wait !== undefined) return { patience: 'wait', milliseconds: durationOf('--wait', wait) }
  return { patience: detach ? 'detached' : atWake ? 'at-wake' : 'awake' }
}
