/**
 * From what people wrote (flags, environment, a configuration file) to settings. Is handed the values;
 * reads neither files nor the environment itself.
 */
import { editDistance } from '../base/edit-distance.ts'
import { UsageError } from '../base/errors.ts'
import {
  defaultSettings,
  environmentNameOf,
  flagOf,
  knobNames,
  tunables,
  type Knob,
  type KnobName,
  type Settings,
} from './tunables.ts'

export interface SettingSources {
  /** By knob name; from the command line. Strongest. */
  readonly flags: Readonly<Partial<Record<KnobName, string>>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A configuration file's content, nested or with dotted keys. Weakest. */
  readonly file?: unknown
}

/** Letters wrong, missing or too many in a name that still says what was meant. */
const slip = 2

/** Throws `UsageError` that names the setting, where it was given, and what would be right. */
export function loadSettings(sources: SettingSources): Settings {
  const settings: Record<string, string | number> = { ...defaultSettings }
  const fromFile = flatten(sources.file)
  for (const key of fromFile.keys()) {
    if (!(key in tunables)) {
      throw new UsageError('config.unknown-key', `the configuration file has an unknown setting '${key}'`, {
        hint: "run 'coapstan config' for the list",
      })
    }
  }
  refuseMisspelt(sources.environment)
  for (const name of knobNames) {
    const environmentName = environmentNameOf(name)
    const [given, where] =
      sources.flags[name] !== undefined
        ? [sources.flags[name], flagOf(name)]
        : sources.environment[environmentName] !== undefined
          ? [sources.environment[environmentName], environmentName]
          : [fromFile.get(name), `'${name}' in the configuration file`]
    if (given !== undefined) settings[name] = parse(tunables[name], given, where)
  }
  return Object.freeze(settings) as unknown as Settings
}

/** What others put there is theirs; what is a slip away from a setting was meant to be one. */
function refuseMisspelt(environment: SettingSources['environment']): void {
  const names = knobNames.map(environmentNameOf)
  const known = new Set<string>(names)
  for (const given of Object.keys(environment)) {
    if (!given.startsWith('COAPSTAN_') || known.has(given)) continue
    const meant = names.find((name) => editDistance(given, name, slip) <= slip)
    if (meant === undefined) continue
    throw new UsageError('config.unknown-key', `the environment has ${given}, which is no setting`, {
      hint: `did you mean ${meant}? 'coapstan config' lists all`,
    })
  }
}

function parse(knob: Knob, given: string, where: string): string | number {
  if (knob.kind === 'text') {
    if (given !== '' || knob.default === '' || knob.mayBeEmpty === true) return given
    throw new UsageError('config.value', `${where} is empty: leave it out for '${knob.default}'`)
  }
  if (knob.kind === 'choice') {
    if (knob.choices.includes(given)) return given
    throw new UsageError('config.value', `${where} is '${given}', not one of ${knob.choices.join(', ')}`)
  }
  const value =
    knob.kind === 'duration' ? millisecondsOf(given) : knob.kind === 'bytes' ? bytesOf(given) : Number(given)
  if (!Number.isInteger(value) || value < knob.min || value > knob.max || given.trim() === '') {
    const unit = {
      duration: 'a duration like 500ms, 30s, 5m, 2h, 1d',
      bytes: 'a size like 4096, 64k, 16m',
      count: 'a whole number',
    }
    throw new UsageError(
      'config.value',
      `${where} is '${given}', not ${unit[knob.kind]} from ${knob.min} to ${knob.max}${knob.kind === 'duration' ? ' ms' : ''}`,
    )
  }
  return value
}

const durationUnits: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const byteUnits: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** `30s` → 30 000; a bare number counts milliseconds; NaN where it is neither. */
export function millisecondsOf(text: string): number {
  return scaled(text, durationUnits)
}

/** `64k` → 65 536; NaN where it is no size. */
export function bytesOf(text: string): number {
  return scaled(text, byteUnits)
}

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  const unit = match && units[match[2]!.toLowerCase()]
  return match && unit !== undefined && unit !== null ? Number(match[1]) * unit : Number.NaN
}

function flatten(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, prefix === '' ? key : `${prefix}.${key}`, into)
  } else if (value !== undefined && value !== null) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new UsageError('config.value', `'${prefix}' in the configuration file is a list; it takes one value`)
    }
    into.set(prefix, String(value))
  }
  return into
}
