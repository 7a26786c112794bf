/** A scenario in virtual time, slice by slice, so that a person sees how far it is and can end it. */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { milliseconds } from '../../base/time.ts'
import { fleetCrypto } from '../../sim/fleet/crypto.ts'
import { readObjectLibrary } from '../../sim/object-files.ts'
import type { Outcome } from '../../sim/scenario/outcome.ts'
import type { Scenario } from '../../sim/scenario/scenario.ts'
import { openScratchStore } from '../../sim/scenario/scratch-store.ts'
import { VirtualRun } from '../../sim/scenario/virtual-run.ts'
import { ProgressBar } from '../progress.ts'
import type { Session } from '../session.ts'
import { ownUsage, used } from './usage.ts'

/** Virtual time between two looks at the keyboard. */
const slice = milliseconds(1000)
/** Milliseconds between two looks at the screen. */
const frame = 200

/** Ctrl-C ends it early, with what there is by then. */
export async function runInVirtualTime({ surroundings }: Session, scenario: Scenario): Promise<Outcome> {
  const began = performance.now()
  const before = ownUsage()
  const bar = new ProgressBar(surroundings)
  const { store, close } = openScratchStore()
  try {
    bar.show({ label: 'Making the fleet' })
    await setImmediate()
    const run = new VirtualRun({ scenario, library: readObjectLibrary(), store, crypto: fleetCrypto() })
    run.begin()
    let shownAt = 0
    while (!run.isOver && !surroundings.interrupted.aborted) {
      run.run(slice)
      if (performance.now() - shownAt < frame) continue
      shownAt = performance.now()
      const { registered, updated } = run.fleet.census()
      const state = run.recorder.campaign === undefined ? '' : `, campaign ${run.recorder.campaign.state}`
      const tail = `${registered} of ${scenario.devices} registered, ${updated} updated${state}`
      bar.show({ label: 'Running', fraction: Math.min(run.elapsed / scenario.duration, 1), tail })
      await setImmediate()
    }
    const seconds = (performance.now() - began) / 1000
    return run.recorder.outcome(seconds, run.elapsed / 1000, used(before, ownUsage()), undefined)
  } finally {
    bar.clear()
    close()
  }
}
