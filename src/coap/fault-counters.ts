/**
 * Counts and logs what peers got wrong, one counter a fault, made once. Decides nothing.
 */
import type { Log } from '../base/log.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import { faultNames, type CoapFault, type CoapFaultName } from './faults.ts'
import { reactions } from './reactions.ts'
import type { Peer } from './types.ts'

export class FaultCounters {
  readonly #log: Log
  readonly #counters: Readonly<Record<CoapFaultName, Counter>>
  readonly #duplicates: Counter
  /** How often each was counted; a line is written at 1, 2, 4, 8 … so that no peer can flood the log. */
  readonly #times = new Map<CoapFaultName, number>()

  constructor(log: Log, metrics: Metrics) {
    this.#log = log
    const entries = faultNames.map((fault) => [
      fault,
      metrics.counter('coapstan_coap_faults_total', 'CoAP messages refused or ignored, by reason', { fault }),
    ])
    this.#counters = Object.fromEntries(entries) as Record<CoapFaultName, Counter>
    this.#duplicates = metrics.counter('coapstan_coap_duplicates_total', 'CoAP messages that repeat an earlier one')
  }

  count(fault: CoapFault, peer: Peer, detail?: string): void {
    this.#counters[fault.fault].add()
    const times = (this.#times.get(fault.fault) ?? 0) + 1
    this.#times.set(fault.fault, times)
    if ((times & (times - 1)) !== 0) return
    this.#log[reactions[fault.fault].level]({ fault: fault.fault, peer, detail, times }, 'CoAP message refused')
  }

  duplicate(): void {
    this.#duplicates.add()
  }
}
