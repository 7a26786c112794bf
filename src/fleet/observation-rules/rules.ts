/** Which rules select a device, and what they want of it. Pure. */
import type { Device } from '../registry/types.ts'
import type { ObservationRule } from './types.ts'

/** What the rules want observed on a device; each path once. */
export function pathsFor(
  rules: readonly ObservationRule[],
  device: Pick<Device, 'product' | 'tags'>,
): ReadonlySet<string> {
  return new Set(rules.filter((rule) => isSelected(rule, device)).map(({ path }) => path))
}

function isSelected({ product, tags }: ObservationRule, device: Pick<Device, 'product' | 'tags'>): boolean {
  if (product !== undefined && product !== device.product) return false
  return Object.entries(tags).every(([name, value]) => device.tags[name] === value)
}
