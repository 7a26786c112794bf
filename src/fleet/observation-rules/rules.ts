/** Which rules select a device, and what they want of it. Pure. */
import type { NotificationAttributes } from '../../lwm2m/attributes.ts'
import type { Device } from '../registry/types.ts'
import type { ObservationRule } from './types.ts'

/** What the rules want observed on a device, and when it is to tell: of several rules for a path the newest says. */
export function pathsFor(
  rules: readonly ObservationRule[],
  device: Pick<Device, 'product' | 'tags'>,
): ReadonlyMap<string, NotificationAttributes | undefined> {
  const wanted = new Map<string, NotificationAttributes | undefined>()
  for (const rule of rules) {
    if (isSelected(rule, device)) wanted.set(rule.path, rule.attributes ?? wanted.get(rule.path))
  }
  return wanted
}

function isSelected({ product, tags }: ObservationRule, device: Pick<Device, 'product' | 'tags'>): boolean {
  if (product !== undefined && product !== device.product) return false
  return Object.entries(tags).every(([name, value]) => device.tags[name] === value)
}
