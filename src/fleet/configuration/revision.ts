/** What tells one configuration of a device from another, and whether it is still as an operator saw it. Pure. */
import { revisionOf } from '../../base/revision.ts'
import { demand, type Precondition } from '../precondition.ts'
import type { EndpointName } from '../registry/types.ts'
import type { Configuration } from './types.ts'

export function configurationRevision({ deviceId, document }: Configuration): string {
  return revisionOf([deviceId, document])
}

/** Throws UsageError 'precondition.failed' (412). */
export function demandConfiguration(
  { endpoint, precondition }: { readonly endpoint: EndpointName; readonly precondition?: Precondition },
  configuration: Configuration | undefined,
): void {
  demand(precondition, `the configuration of '${endpoint}'`, configuration && configurationRevision(configuration))
}
