/** What an answer or a notification says of object 5 and of the firmware version, wherever it stands in it. */
import type { FirmwareReport } from '../fleet/firmware/types.ts'
import type { ContentJson, SampleJson, ValueJson } from '../lwm2m/content-json.ts'

/** Undefined where there is nothing of it. */
export function reportOfSamples(samples: readonly SampleJson[]): FirmwareReport | undefined {
  const report: Writable<FirmwareReport> = {}
  for (const { path, value } of samples) take(report, path, value)
  return Object.keys(report).length === 0 ? undefined : report
}

/** The same of a read's result, which may be anything. */
export function reportOfContent(result: unknown): FirmwareReport | undefined {
  return reportOfSamples(samplesWithin(result))
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

function take(report: Writable<FirmwareReport>, path: string, value: ValueJson): void {
  if (path === '/5/0/3') report.state = Number(value)
  else if (path === '/5/0/5') report.result = Number(value)
  else if (path === '/5/0/7') report.packageVersion = String(value)
  else if (path === '/3/0/3') report.firmwareVersion = String(value)
  else if (path === '/5/0/9') report.delivery = Number(value)
  else if (path.startsWith('/5/0/8/')) report.protocols = [...(report.protocols ?? []), Number(value)]
}

function samplesWithin(content: unknown): readonly SampleJson[] {
  if (typeof content !== 'object' || content === null || !('path' in content)) return []
  const { path, value, values, resources, instances, objects } = content as ContentJson
  if (value !== undefined) return [{ path, value }]
  if (values !== undefined) return Object.entries(values).map(([id, each]) => ({ path: `${path}/${id}`, value: each }))
  return Object.values(resources ?? instances ?? objects ?? {}).flatMap(samplesWithin)
}
