/** What of a device two operators could change at one time, and whether it is still as one of them saw it. Pure. */
import { revisionOf } from '../../base/revision.ts'
import { demand, type Precondition } from '../precondition.ts'
import type { Device, EndpointName } from './types.ts'

/** What a device is in the words of operators; what it tells and learns of itself changes without them. */
export function deviceRevision({ id, product, productFrom, tags, profile, retiredAt, quarantinedAt }: Device): string {
  return revisionOf({
    id,
    product: productFrom === 'model' ? undefined : product,
    tags,
    profile,
    retired: retiredAt !== undefined,
    quarantined: quarantinedAt !== undefined,
  })
}

/** Throws UsageError 'precondition.failed' (412). */
export function demandDevice(
  { endpoint, precondition }: { readonly endpoint: EndpointName; readonly precondition?: Precondition },
  device: Device | undefined,
): void {
  demand(precondition, `device '${endpoint}'`, device && deviceRevision(device))
}
