/**
 * Counters and gauges as a port. A core asks for a counter once and adds to it; labels are fixed when
 * it is asked for, so that the hot path allocates nothing.
 */

export interface Counter {
  add(count?: number): void
}

export interface Gauge {
  set(value: number): void
}

export interface Metrics {
  /** Names follow Prometheus: `coapstan_coap_faults_total`. */
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): Counter
  gauge(name: string, help: string, labels?: Readonly<Record<string, string>>): Gauge
}

const nothing = (): void => undefined
export const noMetrics: Metrics = { counter: () => ({ add: nothing }), gauge: () => ({ set: nothing }) }
