/**
 * What becomes of observe intents when a device registers: it has forgotten all observations, we have
 * forgotten no intent. The order of notifications is CoAP's affair (coap/observe.ts).
 */
import type { Observation } from './types.ts'

/**
 * The intents after a registration (LwM2M Core 1.2 §6.4.1, devices.md §0.10): all are wanted again, those
 * the device refused before too, since it may run other firmware now. Sequence and time of the last
 * notification go, because a new observation counts from anywhere (RFC 7641 §3.4). Those that are wanted
 * already come back as the same objects.
 */
export function wantAgain(observations: readonly Observation[]): readonly Observation[] {
  return observations.map((observation) => {
    if (observation.state === 'wanted' && observation.lastSequence === undefined) return observation
    const { reason: _, lastSequence: __, ...kept } = observation
    return { ...kept, state: 'wanted' }
  })
}
