/**
 * What becomes of observe intents when a device registers: it has forgotten all observations, we have
 * forgotten no intent. The order of notifications is CoAP's affair (coap/observe.ts).
 */
import type { Observation } from './types.ts'

/**
 * The intents after a registration (LwM2M Core 1.2 §6.4.1, devices.md §0.10): all are wanted again, those
 * the device refused before too, since it may run other firmware now. Each under a fresh token, so that a
 * notification still under way cannot pass for the new observation (RFC 9175 §4). Sequence and time of the
 * last notification go, because a new observation counts from anywhere (RFC 7641 §3.4).
 */
export function wantAgain(observations: readonly Observation[], newToken: () => string): readonly Observation[] {
  return observations.map((observation) => {
    const { reason: _, lastSequence: __, ...kept } = observation
    return { ...kept, state: 'wanted', token: newToken() }
  })
}
