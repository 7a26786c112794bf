/**
 * What a device says of itself in passing, in whatever it sends: its firmware, its network, its modem's
 * sleep. Values themselves are kept by the events that carry them.
 */
import type { SampleJson } from '../lwm2m/content-json.ts'
import { networkFactsOf, powerSavingOfSamples } from '../lwm2m/network.ts'
import { samplesWithin } from './firmware-report.ts'
import type { PlanContext } from './plan-context.ts'
import { planFirmwareReport } from './plan-firmware.ts'
import { planModel } from './plan-model.ts'
import { planVitals } from './plan-vitals.ts'
import { planWatch } from './plan-watch.ts'
import type { Draft } from './state.ts'

export function planReports(draft: Draft, samples: readonly SampleJson[], context: PlanContext): void {
  if (samples.length === 0) return
  planFirmwareReport(draft, samples, context)
  learnNetwork(draft, samples)
  planVitals(draft, samples)
  planWatch(draft, samples)
  planModel(draft, samples, context)
}

/** The same of the result of a read, which may be anything. */
export function planContentReports(draft: Draft, result: unknown, context: PlanContext): void {
  planReports(draft, samplesWithin(result), context)
}

/** Written only where it is news: these values hardly ever change. */
function learnNetwork(draft: Draft, samples: readonly SampleJson[]): void {
  if (!samples.some(({ path }) => path.startsWith('/4/') || path.startsWith('/10/'))) return
  const known = draft.next.device?.learned
  const network = { ...known?.network, ...networkFactsOf(samples) }
  const powerSaving = { ...known?.powerSaving, ...powerSavingOfSamples(samples) }
  if (isMore(network, known?.network)) draft.learn({ network })
  if (isMore(powerSaving, known?.powerSaving)) draft.learn({ powerSaving })
}

function isMore(found: object, known: object = {}): boolean {
  const before = new Map(Object.entries(known))
  return Object.entries(found).some(([name, value]) => before.get(name) !== value)
}
