/**
 * Operations on a device (LwM2M Core 1.2 §6.3), and how they are read from the form they are kept in:
 * a kind, a path as text, a value as JSON. Syntax and types only; whether the device and the model allow
 * it is `check.ts`.
 */
import { attributesOfText, parseAttributes, type NotificationAttributes } from '../attributes.ts'
import { entriesOfJson, givenTwice, isWriteJson } from '../content-json.ts'
import type { DeviceModel } from '../model/library.ts'
import { resolvePath } from '../model/names.ts'
import { childOf, cutPath, reservedId, samePath, type Path } from '../path.ts'
import { isRefusal, refuse, type Refusal } from '../refusal.ts'
import type { Entry } from '../value.ts'

export type Operation =
  | { readonly kind: 'read'; readonly path: Path }
  /** 'write' replaces what is there; 'write-partial' leaves what is not mentioned. */
  | { readonly kind: 'write' | 'write-partial'; readonly path: Path; readonly entries: readonly Entry[] }
  | { readonly kind: 'execute'; readonly path: Path; readonly arguments: string }
  /** Without an instance the device chooses the id. */
  | { readonly kind: 'create'; readonly path: Path; readonly instance?: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'delete'; readonly path: Path }
  /** depth: levels below the path, 1.2 only. */
  | { readonly kind: 'discover'; readonly path: Path; readonly depth?: number }
  | { readonly kind: 'write-attributes'; readonly path: Path; readonly attributes: NotificationAttributes }
  | { readonly kind: 'observe'; readonly path: Path; readonly attributes: NotificationAttributes }
  | { readonly kind: 'cancel-observe'; readonly path: Path }
  | { readonly kind: 'read-composite'; readonly paths: readonly Path[] }
  | { readonly kind: 'write-composite'; readonly entries: readonly Entry[] }
  /** attributes: of all its paths, in the request itself, 1.2 only. */
  | {
      readonly kind: 'observe-composite'
      readonly paths: readonly Path[]
      readonly attributes: NotificationAttributes
    }
  | { readonly kind: 'cancel-observe-composite'; readonly paths: readonly Path[] }

export type OperationKind = Operation['kind']

/** The form operations are kept in; `path` of a composite is several paths, between blanks or commas. */
export interface OperationSpec {
  readonly kind: string
  readonly path: string
  readonly value?: unknown
}

/** Paths of one composite beyond which it is refused: more would not fit a datagram. */
export const compositePathLimit = 64

/** With `force`, values the model would refuse are taken by their JSON kind. */
export function parseOperation(spec: OperationSpec, model: DeviceModel, force: boolean = false): Operation | Refusal {
  const { kind } = spec
  switch (kind) {
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite': {
      const paths = parsePaths(spec.path, model)
      if (isRefusal(paths)) return paths
      if (kind !== 'observe-composite') return { kind, paths }
      const attributes = attributesOf(spec.value)
      return isRefusal(attributes) ? attributes : { kind, paths, attributes }
    }
    case 'write-composite':
      return parseWriteComposite(spec.value, model, force)
    default:
      break
  }
  // A composite observation is ended like any other; its paths tell it apart.
  if (kind === 'cancel-observe' && /[\s,]\//.test(spec.path.trim())) {
    return parseOperation({ ...spec, kind: 'cancel-observe-composite' }, model, force)
  }
  const path = resolvePath(spec.path, model)
  if (isRefusal(path)) return path
  switch (kind) {
    case 'read':
    case 'delete':
    case 'cancel-observe':
      return { kind, path }
    case 'write':
    case 'write-partial':
      return parseWrite(kind, path, spec.value, model, force)
    case 'execute':
      return parseExecute(path, spec.value, force)
    case 'create':
      return parseCreate(path, spec.value, model, force)
    case 'discover':
      return parseDiscover(path, spec.value)
    case 'write-attributes':
    case 'observe':
      return parseAttributed(kind, path, spec.value)
    default:
      return refuse('operation.unknown', `There is no operation '${kind}'.`)
  }
}

function parsePaths(text: string, model: DeviceModel): readonly Path[] | Refusal {
  const paths: Path[] = []
  for (const part of text.split(/[\s,]+/)) {
    if (part === '') continue
    const path = resolvePath(part, model)
    if (isRefusal(path)) return path
    paths.push(path)
  }
  if (paths.length === 0) return refuse('operation.incomplete', 'A composite operation needs at least one path.')
  if (paths.length > compositePathLimit) return tooManyPaths
  return paths.filter((path, at) => paths.findIndex((each) => samePath(each, path)) === at)
}

const tooManyPaths = refuse('size.limit', `A composite operation takes at most ${compositePathLimit} paths.`)

function parseWriteComposite(value: unknown, model: DeviceModel, force: boolean): Operation | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('value.type', 'A composite write takes an object of values by path, like {"/3/0/14": "+02:00"}.')
  }
  const entries: Entry[] = []
  for (const [text, inner] of Object.entries(value)) {
    const path = resolvePath(text, model)
    if (isRefusal(path)) return path
    // SenML-ETCH deletes by null (RFC 8790 §3.2.2).
    const found = inner === null ? [{ path }] : isWriteJson(inner) ? entriesOfJson(path, inner, model, force) : noValue
    if (isRefusal(found)) return found
    entries.push(...found)
  }
  if (entries.length === 0) return refuse('operation.incomplete', 'A composite write needs at least one value.')
  if (entries.length > compositePathLimit) return tooManyPaths
  const twice = entries.find(({ path }, at) => entries.findIndex((each) => samePath(each.path, path)) < at)
  return twice === undefined ? { kind: 'write-composite', entries } : givenTwice(twice.path)
}

const noValue = refuse('value.type', 'The value is neither text, number, true, false, nor an object or list of these.')

function parseWrite(
  kind: 'write' | 'write-partial',
  path: Path,
  value: unknown,
  model: DeviceModel,
  force: boolean,
): Operation | Refusal {
  if (value === undefined || value === null) return refuse('operation.incomplete', 'A write needs a value.')
  const entries = isWriteJson(value) ? entriesOfJson(path, value, model, force) : noValue
  return isRefusal(entries) ? entries : { kind, path, entries }
}

/** LwM2M Core 1.2 §6.3: `0='text',3`: digits with an optional quoted value each. */
const argumentsPattern = /^(\d(='[^'\\]*')?(,\d(='[^'\\]*')?)*)?$/

function parseExecute(path: Path, value: unknown, force: boolean): Operation | Refusal {
  const text = value === undefined || value === null ? '' : typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return refuse('value.type', 'Arguments of an execute are text.')
  if (argumentsPattern.test(text) || force) return { kind: 'execute', path, arguments: text }
  const message = `'${text.slice(0, 60)}' are no arguments of an execute.`
  return { ...refuse('value.type', message, "write them like 0='text',1 (digits from 0 to 9)"), forcible: true }
}

/** The value: resources by id or name, or `{"instance": 3, "resources": {…}}` to choose the id. */
function parseCreate(path: Path, value: unknown, model: DeviceModel, force: boolean): Operation | Refusal {
  const given = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  const wrapped = 'resources' in given || 'instance' in given
  const resources = (wrapped ? given['resources'] : value) ?? {}
  const instance = path.length === 2 ? path[1] : given['instance']
  if (instance !== undefined && !isInstanceId(instance)) {
    return refuse('value.type', `${JSON.stringify(instance)} is not the id of an object instance.`)
  }
  const object = cutPath(path, 1)
  const below = childOf(object, instance ?? 0)
  const entries = isWriteJson(resources) ? entriesOfJson(below, resources, model, force) : noValue
  if (isRefusal(entries)) return entries
  return { kind: 'create', path: object, ...(instance !== undefined && { instance }), entries }
}

function isInstanceId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < reservedId
}

function parseDiscover(path: Path, value: unknown): Operation | Refusal {
  const given = typeof value === 'object' && value !== null && 'depth' in value ? value.depth : value
  if (given === undefined || given === null) return { kind: 'discover', path }
  const depth = Number(given)
  if (Number.isInteger(depth) && depth >= 0 && depth <= 3) return { kind: 'discover', path, depth }
  return refuse('value.range', `The depth of a discover is 0 to 3, not ${JSON.stringify(given)}.`)
}

function parseAttributed(kind: 'write-attributes' | 'observe', path: Path, value: unknown): Operation | Refusal {
  const attributes = attributesOf(value)
  if (isRefusal(attributes)) return attributes
  if (kind === 'write-attributes' && Object.keys(attributes).length === 0) {
    return refuse('operation.incomplete', 'Writing attributes needs at least one, like {"pmin": 10}.')
  }
  return { kind, path, attributes }
}

function attributesOf(value: unknown): NotificationAttributes | Refusal {
  return typeof value === 'string' ? attributesOfText(value) : parseAttributes(value ?? {})
}
