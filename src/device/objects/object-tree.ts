/**
 * The virtual device's data: objects with one instance each, resources with a type, the operations they
 * allow and how to read, write or execute them. Answers in CoAP codes; knows no payload format, no socket.
 */
import type { Leaf, LeafValue, ResourceType } from '../payload/leaf.ts'

/** A CoAP response code in the "class.detail" notation of RFC 7252 §3. */
export type Code = `${2 | 4 | 5}.${string}`

export interface Resource {
  readonly name: string
  readonly type: ResourceType
  /** The current value; an array is a multiple resource with instances 0, 1, …. Absent: not readable. */
  readonly read?: () => LeafValue | readonly LeafValue[]
  /** Takes a value of the resource's type, or says with which code it will not. Absent: not writable. */
  readonly write?: (value: LeafValue) => Code | undefined
  /** Absent: not executable. */
  readonly execute?: (argument: string) => Code | undefined
}

/** Resources by id. */
export type DeviceObject = ReadonlyMap<number, Resource>

/** Objects by id; each has the instance 0 and no other. */
export type ObjectTree = ReadonlyMap<number, DeviceObject>

export type Found =
  | { readonly kind: 'object'; readonly object: DeviceObject }
  | { readonly kind: 'instance'; readonly object: DeviceObject }
  | { readonly kind: 'resource'; readonly object: DeviceObject; readonly resource: Resource }
  | { readonly kind: 'resource-instance'; readonly object: DeviceObject; readonly resource: Resource }

/** What `path` names, or undefined (4.04). */
export function find(tree: ObjectTree, path: readonly number[]): Found | undefined {
  const [objectId, instanceId, resourceId, resourceInstanceId] = path
  const object = objectId === undefined ? undefined : tree.get(objectId)
  if (object === undefined) return undefined
  if (instanceId === undefined) return { kind: 'object', object }
  if (instanceId !== 0) return undefined
  if (resourceId === undefined) return { kind: 'instance', object }
  const resource = object.get(resourceId)
  if (resource === undefined) return undefined
  if (resourceInstanceId === undefined) return { kind: 'resource', object, resource }
  const values = resource.read?.()
  if (!Array.isArray(values) || resourceInstanceId >= values.length) return undefined
  return { kind: 'resource-instance', object, resource }
}

/** Every readable leaf at or under `path`, in order of ids. */
export function readLeaves(tree: ObjectTree, path: readonly number[]): readonly Leaf[] {
  const found = find(tree, path)
  if (found === undefined) return []
  if (found.kind === 'object' || found.kind === 'instance') {
    const instance = [path[0]!, 0]
    return [...found.object].flatMap(([id, resource]) => leavesOf(resource, [...instance, id]))
  }
  const leaves = leavesOf(found.resource, path.slice(0, 3))
  return found.kind === 'resource' ? leaves : leaves.filter((leaf) => leaf.path[3] === path[3])
}

function leavesOf({ type, read }: Resource, path: readonly number[]): Leaf[] {
  const value = read?.()
  if (value === undefined) return []
  if (isMultiple(value)) return value.map((each, index) => ({ path: [...path, index], type, value: each }))
  return [{ path, type, value }]
}

function isMultiple(value: LeafValue | readonly LeafValue[]): value is readonly LeafValue[] {
  return Array.isArray(value)
}

export function typeIn(tree: ObjectTree): (objectId: number, resourceId: number) => ResourceType | undefined {
  return (objectId, resourceId) => tree.get(objectId)?.get(resourceId)?.type
}

/** Writes all of `leaves` or, where one is refused beforehand, none: checks come first, then the writes. */
export function writeLeaves(tree: ObjectTree, leaves: readonly Leaf[]): Code {
  const writes: (() => Code | undefined)[] = []
  for (const leaf of leaves) {
    const resource = tree.get(leaf.path[0]!)?.get(leaf.path[2]!)
    if (resource === undefined || leaf.path[1] !== 0) return '4.04'
    const { write } = resource
    if (write === undefined || leaf.path.length !== 3) return '4.05'
    writes.push(() => write(leaf.value))
  }
  for (const write of writes) {
    const refusal = write()
    if (refusal !== undefined) return refusal
  }
  return '2.04'
}
