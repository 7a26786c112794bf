/** What an answer or a notification says of the object that takes a package, wherever it stands in it. */
import { takeInto } from '../fleet/firmware/targets.ts'
import type { FirmwareReport } from '../fleet/firmware/types.ts'
import type { ContentJson, SampleJson } from '../lwm2m/content-json.ts'

/** Undefined where there is nothing of it. */
export function reportOfSamples(target: string, samples: readonly SampleJson[]): FirmwareReport | undefined {
  const report: FirmwareReport = {}
  for (const { path, value } of samples) takeInto(report, target, path, value)
  return Object.keys(report).length === 0 ? undefined : report
}

/** What a read answered, value by value; nothing of what is no content. */
export function samplesWithin(content: unknown): readonly SampleJson[] {
  if (typeof content !== 'object' || content === null || !('path' in content)) return []
  const { path, value, values, resources, instances, objects } = content as ContentJson
  if (value !== undefined) return [{ path, value }]
  if (values !== undefined) return Object.entries(values).map(([id, each]) => ({ path: `${path}/${id}`, value: each }))
  return Object.values(resources ?? instances ?? objects ?? {}).flatMap(samplesWithin)
}
