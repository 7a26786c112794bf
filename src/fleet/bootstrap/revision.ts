/** What tells one state of a template from another, and whether it is still as an operator saw it. Pure. */
import { revisionOf } from '../../base/revision.ts'
import { demand, type Precondition } from '../precondition.ts'
import type { BootstrapTemplate } from './types.ts'

/** Another one each time the template is put: `changedAt` is part of it. */
export function templateRevision(template: BootstrapTemplate): string {
  return revisionOf(template)
}

/** Throws UsageError 'precondition.failed' (412). */
export function demandTemplate(
  precondition: Precondition,
  name: string,
  template: BootstrapTemplate | undefined,
): void {
  demand(precondition, `template '${name}'`, template && templateRevision(template))
}
