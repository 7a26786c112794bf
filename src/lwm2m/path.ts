/**
 * Paths of the LwM2M data model: `/object/instance/resource/resource-instance`, each part optional from
 * the right (LwM2M Core 1.2 §7.1). Knows numbers only; names are the model's (`model/names.ts`), and an
 * alternate root of a device is added where a request is built, never here.
 */
import type { Fault } from '../base/fault.ts'

export type RootPath = readonly []
export type ObjectPath = readonly [object: number]
export type InstancePath = readonly [object: number, instance: number]
export type ResourcePath = readonly [object: number, instance: number, resource: number]
export type ResourceInstancePath = readonly [
  object: number,
  instance: number,
  resource: number,
  resourceInstance: number,
]

/** Ids from the left; its length tells its level and narrows its type. */
export type Path = RootPath | ObjectPath | InstancePath | ResourcePath | ResourceInstancePath

export const rootPath: RootPath = []

const levels = ['root', 'object', 'instance', 'resource', 'resource-instance'] as const
export type Level = (typeof levels)[number]

/** 65535 is MAX_ID, reserved: never the id of anything that exists (LwM2M Core 1.2 §7.3). */
export const reservedId = 65535

export function levelOf(path: Path): Level {
  return levels[path.length]
}

/** `/3/0/14`, `3/0/14`, `/3/0/` and `/` are paths; the fault says which segment is not an id. */
export function parsePath(text: string): Path | Fault {
  const trimmed = text.replace(/^\//, '').replace(/\/$/, '')
  if (trimmed === '') return rootPath
  const segments = trimmed.split('/')
  if (segments.length > 4) return { fault: 'path', detail: `'${shown(text)}' has more than four parts` }
  const ids: number[] = []
  for (const segment of segments) {
    const id = parseId(segment)
    if (id === undefined) return { fault: 'path', detail: `'${shown(segment)}' is not an id from 0 to 65534` }
    ids.push(id)
  }
  return pathOf(ids)
}

/** An id of an object, instance or resource, or undefined. */
export function parseId(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return undefined
  const id = Number(text)
  return id < reservedId ? id : undefined
}

/** `/3/0/14`; the root is `/`. */
export function formatPath(path: Path): string {
  return `/${path.join('/')}`
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && isWithin(a, b)
}

/** Whether `path` is `base` or lies below it. */
export function isWithin(base: Path, path: Path): boolean {
  if (base.length > path.length) return false
  for (let i = 0; i < base.length; i++) if (base[i] !== path[i]) return false
  return true
}

/** The path one level down; `path` must not be a resource instance. */
export function childOf(path: RootPath, id: number): ObjectPath
export function childOf(path: ObjectPath, id: number): InstancePath
export function childOf(path: InstancePath, id: number): ResourcePath
export function childOf(path: ResourcePath, id: number): ResourceInstancePath
export function childOf(path: Path, id: number): Path
export function childOf(path: Path, id: number): Path {
  return pathOf([...path, id])
}

/** At most four ids, from the left, as a path. */
export function pathOf(ids: readonly number[]): Path {
  return ids as Path
}

/** The first `length` parts of `path`, or all of it where it is shorter. */
export function cutPath(path: Path, length: number): Path {
  return pathOf(path.slice(0, length))
}

/** Order of the data model: by id from the left, a container before what it holds. */
export function comparePaths(a: Path, b: Path): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return a.length - b.length
}

/** A peer's text for a message: short, and printable. */
function shown(text: string): string {
  return text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?')
}
