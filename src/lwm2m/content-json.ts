/**
 * Values and content in the shape the HTTP API speaks: ids as keys, names, types and units from the
 * model beside the values. Whole numbers beyond 2^53 are decimal strings, octets lower-case hex, times
 * ISO 8601 in UTC, links `object:instance`. What was written in this shape is read back here too.
 */
import { hexOf } from '../base/bytes.ts'
import { type Instant } from '../base/time.ts'
import { childOf, formatPath, isWithin, levelOf, parseId, type Path } from './path.ts'
import type { DeviceModel, Model } from './model/library.ts'
import { plainName } from './model/library.ts'
import { isRefusal, refuse, type Refusal } from './refusal.ts'
import { isoOf, parseOperatorValue, type OperatorValue } from './value-text.ts'
import type { Entry, Value } from './value.ts'

export type ValueJson = string | number | boolean

export interface ContentJson {
  readonly path: string
  readonly name?: string
  readonly type?: string
  readonly unit?: string
  /** A single resource or a resource instance. */
  readonly value?: ValueJson
  /** A multiple resource, by resource instance id. */
  readonly values?: Readonly<Record<string, ValueJson>>
  /** An object instance, by resource id. */
  readonly resources?: Readonly<Record<string, ContentJson>>
  /** An object, by instance id. */
  readonly instances?: Readonly<Record<string, ContentJson>>
  /** The root, by object id. */
  readonly objects?: Readonly<Record<string, ContentJson>>
  /** When the device says that it was so, ISO 8601. */
  readonly at?: string
}

/** One value at one time, for histories. */
export interface SampleJson {
  readonly path: string
  readonly name?: string
  readonly unit?: string
  readonly value: ValueJson
  readonly at?: string
}

export function jsonOfValue(value: Value): ValueJson {
  switch (value.type) {
    case 'string':
    case 'corelnk':
    case 'boolean':
      return value.value
    case 'integer':
    case 'unsigned':
      return wholeJson(value.value)
    case 'float':
      return Number.isFinite(value.value) ? value.value : String(value.value)
    case 'opaque':
      return hexOf(value.value)
    case 'time':
      return isoOf(value.value) ?? wholeJson(value.value)
    case 'objlnk':
      return `${value.object}:${value.instance}`
  }
}

function wholeJson(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** The content at and below `base` as one tree; of several moments, the entry that comes last counts. */
export function contentJson(base: Path, entries: readonly Entry[], model: DeviceModel): ContentJson {
  return nodeJson(
    base,
    entries.filter((entry) => isWithin(base, entry.path)),
    model,
  )
}

const childrenKeys = { root: 'objects', object: 'instances', instance: 'resources' } as const

function nodeJson(path: Path, entries: readonly Entry[], model: DeviceModel): ContentJson {
  const level = levelOf(path)
  if (level === 'resource' || level === 'resource-instance') return resourceJson(path, entries, model)
  const name = level === 'root' ? undefined : model.object(path[0]!)?.name
  const children = new Map<number, Entry[]>()
  for (const entry of entries) {
    const id = entry.path.at(path.length)
    if (id === undefined) continue
    const known = children.get(id)
    if (known === undefined) children.set(id, [entry])
    else known.push(entry)
  }
  const inner = [...children]
    .sort(([a], [b]) => a - b)
    .map(([id, below]) => [id, nodeJson(childOf(path, id), below, model)])
  return {
    path: formatPath(path),
    ...(name !== undefined && { name }),
    [childrenKeys[level]]: Object.fromEntries(inner),
  }
}

function resourceJson(path: Path, entries: readonly Entry[], model: Model): ContentJson {
  const single = entries.findLast((entry) => entry.path.length === path.length && entry.value !== undefined)
  const instances = entries.filter((entry) => entry.path.length > path.length && entry.value !== undefined)
  const value = (single ?? instances.at(-1))?.value
  const at = single?.at ?? instances.at(-1)?.at
  return {
    path: formatPath(path),
    ...namesOf(path, model),
    ...typeJson(path, value, model),
    ...(single?.value === undefined
      ? path.length === 3 && {
          values: Object.fromEntries(instances.map((e) => [e.path.at(-1), jsonOfValue(e.value!)])),
        }
      : { value: jsonOfValue(single.value) }),
    ...(at !== undefined && { at: timeJson(at) }),
  }
}

function typeJson(path: Path, value: Value | undefined, model: Model): { type?: string } {
  const type = value?.type ?? model.resource(path)?.type
  return type === undefined || type === 'none' ? {} : { type }
}

function namesOf(path: Path, model: Model): { name?: string; unit?: string } {
  const definition = model.resource(path)
  if (definition === undefined) return {}
  return { name: definition.name, ...(definition.unit !== '' && { unit: definition.unit }) }
}

/** Every value with its time, in the order the device gave them. */
export function samplesJson(entries: readonly Entry[], model: Model): readonly SampleJson[] {
  const samples: SampleJson[] = []
  for (const { path, value, at } of entries) {
    if (value === undefined) continue
    const when = at === undefined ? {} : { at: timeJson(at) }
    samples.push({ path: formatPath(path), ...namesOf(path, model), value: jsonOfValue(value), ...when })
  }
  return samples
}

export function timeJson(at: Instant): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}

/** Whether `json` is a value or values as deep as an object's content can be; null and the rest are none. */
export function isWriteJson(json: unknown, depth: number = writeDepthLimit): json is WriteJson {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return true
  if (typeof json !== 'object' || json === null || depth === 0) return false
  return Object.values(json).every((inner) => isWriteJson(inner, depth - 1))
}

/** Values to write at a path: one value, or values by id or name, as deep as the path is short. */
export type WriteJson = OperatorValue | readonly OperatorValue[] | { readonly [key: string]: WriteJson }

/** Deeper than an object's content can be. */
const writeDepthLimit = 4

/**
 * The entries an operator means to write at `path`: a value for a resource; `[…]` or `{"0": …}` for a
 * multiple one; `{"14": "+02:00", "Timezone": …}` for an instance; `{"0": {…}}` for an object.
 */
export function entriesOfJson(
  path: Path,
  json: WriteJson,
  model: DeviceModel,
  force: boolean = false,
): readonly Entry[] | Refusal {
  if (typeof json === 'object') return containerEntries(path, json, model, force)
  if (path.length < 3) {
    return refuse('value.type', `${formatPath(path)} takes an object of values by id or name, not one value.`)
  }
  const definition = model.resource(path)
  if (definition?.multiple === true && path.length === 3 && !force) {
    return refuse('value.type', `'${definition.name}' has instances: give [values] or {"0": value}.`)
  }
  const value = parseOperatorValue(definition, json, force)
  return isRefusal(value) ? value : [{ path, value }]
}

function containerEntries(
  path: Path,
  json: readonly OperatorValue[] | { readonly [key: string]: WriteJson },
  model: DeviceModel,
  force: boolean,
): readonly Entry[] | Refusal {
  if (path.length >= writeDepthLimit) return refuse('value.type', `${formatPath(path)} takes one value.`)
  const definition = model.resource(path)
  if (path.length === 3 && definition !== undefined && !definition.multiple && !force) {
    return refuse('value.type', `'${definition.name}' has one value, no instances.`)
  }
  const members: [string, WriteJson][] = Object.entries(json)
  if (members.length === 0) return [{ path }]
  const entries: Entry[] = []
  const ids = new Set<number>()
  for (const [key, inner] of members) {
    const id = parseId(key) ?? resourceNamed(path, key, model)
    if (id === undefined) return refuse('path.unknown-name', `${formatPath(path)} has nothing called '${key}'.`)
    if (ids.has(id)) return givenTwice(childOf(path, id))
    ids.add(id)
    const found = entriesOfJson(childOf(path, id), inner, model, force)
    if (isRefusal(found)) return found
    entries.push(...found)
  }
  return entries
}

/** By its id and by its name, say: which value is meant nobody can tell. */
export function givenTwice(path: Path): Refusal {
  return refuse('value.type', `${formatPath(path)} is given a value twice.`)
}

function resourceNamed(path: Path, name: string, model: DeviceModel): number | undefined {
  if (path.length !== 2) return undefined
  for (const resource of model.object(path[0])?.resources.values() ?? []) {
    if (plainName(resource.name) === plainName(name)) return resource.id
  }
  return undefined
}
