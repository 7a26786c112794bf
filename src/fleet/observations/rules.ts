/** Rules of observe intents as pure functions. */
import type { Observation } from './types.ts'

/**
 * The intents after a registration: the device has forgotten them all, refusals included, for its
 * software may be another now (LwM2M Core 1.2 §6.4.1). What is as it was stays the same object.
 */
export function wantAgain(observations: readonly Observation[]): readonly Observation[] {
  return observations.map((observation) => {
    if (observation.state === 'wanted' && observation.lastSequence === undefined) return observation
    const { reason: _, lastSequence: __, ...rest } = observation
    return { ...rest, state: 'wanted' }
  })
}
