/** Which devices a list asks for, and how like one name is to another: what SQL does for the store on a disk. */
import type { DeviceRow } from '../fleet/registry/store.ts'
import type { Device, DeviceFilter, EndpointName } from '../fleet/registry/types.ts'

function isWanted(device: Device, { product, prefix, tags }: Omit<DeviceFilter, 'status'>): boolean {
  if (product !== undefined && device.product !== product) return false
  if (prefix !== undefined && !device.endpoint.startsWith(prefix)) return false
  return Object.entries(tags ?? {}).every(([name, value]) => device.tags[name] === value)
}

export function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** A page of the devices a filter wants, after `cursor`; `endpoints` in order. */
export function pageOf(
  endpoints: readonly EndpointName[],
  rowAt: (endpoint: EndpointName) => DeviceRow,
  filter: Omit<DeviceFilter, 'status'>,
  cursor: EndpointName | undefined,
  limit: number,
): DeviceRow[] {
  const found: DeviceRow[] = []
  for (const endpoint of endpoints) {
    if (found.length === limit) break
    if (cursor !== undefined && endpoint <= cursor) continue
    const row = rowAt(endpoint)
    if (isWanted(row.device, filter)) found.push(row)
  }
  return found
}
