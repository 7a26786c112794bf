/** Which devices a list asks for, and how like one name is to another: what SQL does for the store on a disk. */
import type { Device, DeviceFilter } from '../fleet/registry/types.ts'

export function isWanted(device: Device, { product, prefix, tags }: Omit<DeviceFilter, 'status'>): boolean {
  if (product !== undefined && device.product !== product) return false
  if (prefix !== undefined && !device.endpoint.startsWith(prefix)) return false
  return Object.entries(tags ?? {}).every(([name, value]) => device.tags[name] === value)
}

export function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
