/**
 * What a device tells of its network and its modem's sleep (objects 4 and 10), wherever it stands in what
 * it sends. Only what decides how it is spoken to.
 */
import { bytesOfHex } from '../base/bytes.ts'
import { isFault } from '../base/fault.ts'
import type { SampleJson, ValueJson } from './content-json.ts'
import { parsePath } from './path.ts'
import { powerSavingOf, type PowerSaving } from './power-saving.ts'
import type { Entry, Value } from './value.ts'

export interface NetworkFacts {
  /** /4/0/0. */
  readonly bearer?: number
  /** /4/0/13: 0 none, 1 for CE level 0, 3 for CE level 2, where a datagram takes seconds. */
  readonly coverageLevel?: number
}

/** Undefined where there is nothing of it. */
export function networkFactsOf(samples: readonly SampleJson[]): NetworkFacts | undefined {
  const bearer = numberAt(samples, '/4/0/0')
  const coverageLevel = numberAt(samples, '/4/0/13')
  if (bearer === undefined && coverageLevel === undefined) return undefined
  return { ...(bearer !== undefined && { bearer }), ...(coverageLevel !== undefined && { coverageLevel }) }
}

/** Undefined where there is nothing of it. */
export function powerSavingOfSamples(samples: readonly SampleJson[]): PowerSaving | undefined {
  const entries = samples.flatMap(({ path, value }) => (path.startsWith('/10/') ? entryOf(path, value) : []))
  const found = powerSavingOf(entries)
  return Object.keys(found).length === 0 ? undefined : found
}

function numberAt(samples: readonly SampleJson[], path: string): number | undefined {
  const value = samples.findLast((sample) => sample.path === path)?.value
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}

function entryOf(text: string, json: ValueJson): readonly Entry[] {
  const path = parsePath(text)
  const value = valueOf(json)
  return isFault(path) || value === undefined ? [] : [{ path, value }]
}

/** Timers are whole numbers, cycles octets. */
function valueOf(json: ValueJson): Value | undefined {
  if (typeof json === 'number' && Number.isInteger(json)) return { type: 'integer', value: BigInt(json) }
  const octets = typeof json === 'string' ? bytesOfHex(json) : undefined
  return octets === undefined ? undefined : { type: 'opaque', value: octets }
}
