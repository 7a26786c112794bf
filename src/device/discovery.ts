/** Link format (RFC 6690) the device hands out: its registration payload and the answers to Discover. */
import type { AttributeStore } from './attributes.ts'
import { find, type DeviceObject, type ObjectTree } from './objects/object-tree.ts'
import { pathText } from './payload/leaf.ts'

/** Payload of Register and Update: the formats it speaks and its object instances (LwM2M Core 1.1 §6.2.1). */
export function registrationLinks(tree: ObjectTree): string {
  return ['</>;rt="oma.lwm2m";ct="60 110 112 11542"', ...[...tree.keys()].map((id) => `<${pathText([id, 0])}>`)].join(
    ',',
  )
}

/** The answer to Discover on an object, instance or resource, or undefined where there is none (4.04). */
export function discover(tree: ObjectTree, path: readonly number[], attributes: AttributeStore): string | undefined {
  const found = find(tree, path)
  if (found === undefined || found.kind === 'resource-instance') return undefined
  const link = (of: readonly number[]): string => `<${pathText(of)}>${attributes.linkAttributes(of)}`
  const own = link(path)
  if (found.kind === 'resource') return own + dimension(found.object, path[2]!)
  const instance = [path[0]!, 0]
  const resources = [...found.object.keys()].map((id) => link([...instance, id]) + dimension(found.object, id))
  return [own, ...(found.kind === 'object' ? [link(instance)] : []), ...resources].join(',')
}

/** `dim`: how many instances a multiple resource has (LwM2M Core 1.1 §7.3.1). */
function dimension(object: DeviceObject, resourceId: number): string {
  const value = object.get(resourceId)?.read?.()
  return Array.isArray(value) ? `;dim=${value.length}` : ''
}
