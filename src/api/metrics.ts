/** The metrics port on prom-client: what cores count, as Prometheus reads it. */
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { invariant } from '../base/errors.ts'
import type { Metrics } from '../base/metrics.ts'

type Labels = Readonly<Record<string, string>>

interface Unsaid {
  readonly counter: Counter.Internal
  count: number
}

interface KeptElsewhere {
  readonly counter: Counter.Internal
  readonly total: () => number
  told: number
}

export interface ExposedMetrics extends Metrics {
  readonly contentType: string
  /** Text exposition format, version 0.0.4; with the samples of `others` added up. */
  exposition(others?: readonly (readonly object[])[]): Promise<string>
  /** A counter somebody else keeps: `total` is asked whenever somebody looks. */
  counted(name: string, help: string, labels: Labels, total: () => number): void
  /** What is counted here, for another thread to expose. */
  samples(): Promise<readonly object[]>
}

/** `process: true` adds memory, CPU and event loop delay of this process. */
export function createMetrics(options: { process: boolean }): ExposedMetrics {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  /** Counted since somebody last looked: told when somebody does, for a datagram cannot wait for that. */
  const unsaid: Unsaid[] = []
  const elsewhere: KeptElsewhere[] = []
  const tell = (): void => {
    for (const counted of unsaid) {
      if (counted.count > 0) counted.counter.inc(counted.count)
      counted.count = 0
    }
    for (const kept of elsewhere) {
      const total = kept.total()
      if (total > kept.told) kept.counter.inc(total - kept.told)
      kept.told = total
    }
  }

  function known<M extends Counter | Gauge>(
    kind: new (about: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => M,
    name: string,
    help: string,
    labels: Labels,
  ): M {
    const existing = registry.getSingleMetric(name)
    if (existing === undefined) {
      return new kind({ name, help, labelNames: Object.keys(labels), registers: [registry] })
    }
    invariant(existing instanceof kind, `the metric ${name} is asked for as two kinds`)
    return existing
  }

  return {
    contentType: registry.contentType,
    exposition: async (others = []) => {
      tell()
      return others.length === 0
        ? registry.metrics()
        : AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...others]).metrics()
    },
    samples: () => {
      tell()
      return registry.getMetricsAsJSON()
    },
    counter(name, help, labels = {}) {
      const child = known(Counter, name, help, labels).labels(labels)
      child.inc(0)
      const counted: Unsaid = { counter: child, count: 0 }
      unsaid.push(counted)
      return {
        add: (count = 1) => {
          counted.count += count
        },
      }
    },
    counted(name, help, labels, total) {
      const counter = known(Counter, name, help, labels).labels(labels)
      counter.inc(0)
      elsewhere.push({ counter, total, told: 0 })
    },
    gauge(name, help, labels = {}) {
      const child = known(Gauge, name, help, labels).labels(labels)
      return { set: (value) => child.set(value) }
    },
  }
}
