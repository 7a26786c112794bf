/** What a device says of itself in passing that others decide by: battery, signal, cell, clock, version, hardware. */
import type { Vitals } from '../fleet/registry/types.ts'
import type { SampleJson, ValueJson } from '../lwm2m/content-json.ts'
import type { Draft } from './state.ts'

/** A signal strength jitters; it is kept when it has moved by so much, dB. */
const signalStep = 3
/** A text of a device is kept as long as it may be, not as long as it likes. */
const longestText = 255

/** Keeps what is news of it. */
export function planVitals(draft: Draft, samples: readonly SampleJson[]): void {
  const device = draft.next.device
  if (device === undefined) return
  const known: Vitals = device.learned?.vitals ?? {}
  let next = known
  for (const { path, value } of samples) next = withSample(next, path, value)
  if (next !== known) draft.learn({ vitals: next })
}

function withSample(vitals: Vitals, path: string, value: ValueJson): Vitals {
  switch (path) {
    case '/3/0/3':
      return withText(vitals, 'version', value)
    case '/3/0/18':
      return withText(vitals, 'hardware', value)
    case '/3/0/14':
      return withText(vitals, 'utcOffset', value)
    case '/3/0/15':
      return withText(vitals, 'timezone', value)
    case '/3/0/9':
      return withNumber(vitals, 'battery', value, 1)
    case '/4/0/2':
      return withNumber(vitals, 'signal', value, signalStep)
    case '/4/0/8':
      return withNumber(vitals, 'cell', value, 1)
    default:
      return vitals
  }
}

function withText(vitals: Vitals, name: 'version' | 'hardware' | 'utcOffset' | 'timezone', value: ValueJson): Vitals {
  if (typeof value !== 'string' || value === '') return vitals
  const text = value.slice(0, longestText)
  return vitals[name] === text ? vitals : { ...vitals, [name]: text }
}

function withNumber(vitals: Vitals, name: 'battery' | 'signal' | 'cell', value: ValueJson, step: number): Vitals {
  const number = Number(value)
  if (!Number.isFinite(number)) return vitals
  const before = vitals[name]
  return before !== undefined && Math.abs(before - number) < step ? vitals : { ...vitals, [name]: number }
}
