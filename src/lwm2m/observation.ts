/** Attributes of observations as pure functions: which are in force on a device, and how far they are from the wanted ones. */
import { attributeNames, attributesOfLink, type AttributeName, type NotificationAttributes } from './attributes.ts'
import { comparePaths, isWithin, type Path } from './path.ts'
import type { DiscoveredPath } from './payload/discover.ts'

/**
 * The attributes in force at `path`: those of the object, then of the instance, the resource and the
 * resource instance over them (LwM2M Core 1.2 §5.1.2), as a Discover showed them.
 */
export function effectiveAttributes(path: Path, discovered: readonly DiscoveredPath[]): NotificationAttributes {
  const above = discovered.filter((each) => isWithin(each.path, path)).sort((a, b) => comparePaths(a.path, b.path))
  return Object.assign({}, ...above.map((each) => attributesOfLink(each.attributes))) as NotificationAttributes
}

export interface AttributeDrift {
  readonly name: AttributeName
  /** null: none. */
  readonly wanted: number | null
  readonly actual: number | null
}

/** Attributes that are not as wanted; those nobody asked for do not count. */
export function attributeDrift(
  wanted: NotificationAttributes,
  actual: NotificationAttributes,
): readonly AttributeDrift[] {
  return attributeNames.flatMap((name) => {
    const [want, have] = [wanted[name], actual[name] ?? null]
    return want === undefined || want === have ? [] : [{ name, wanted: want, actual: have }]
  })
}
