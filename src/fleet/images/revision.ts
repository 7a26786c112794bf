/** What of an image people change, and whether it is still as one of them saw it. Pure. */
import { revisionOf } from '../../base/revision.ts'
import { demand, type Precondition } from '../precondition.ts'
import type { Image } from './types.ts'

/** Only its notes ever change. */
export function imageRevision({ sha256, notes }: Image): string {
  return revisionOf([sha256, notes])
}

/** Throws UsageError 'precondition.failed' (412). */
export function demandImage(precondition: Precondition, image: Image): void {
  demand(precondition, `image ${image.product} ${image.version}`, imageRevision(image))
}
