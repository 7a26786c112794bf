/**
 * Whether a name nobody has heard of may register: in the clear by the knob `registration.policy`, with a
 * credential that stands for it by `registration.policy-secured`.
 */
import type { Settings } from '../config/tunables.ts'
import type { Device } from '../fleet/registry/types.ts'
import type { Sender } from './inputs.ts'

export type Admission = 'admitted' | 'quarantined' | 'refused'

/** `known` is the device of that name, if there is one; it stays in quarantine until somebody vouches for it. */
export function admissionOf(
  known: Device | undefined,
  from: Sender,
  settings: Pick<Settings, 'registration.policy' | 'registration.policy-secured'>,
): Admission {
  if (known !== undefined) return known.quarantinedAt === undefined ? 'admitted' : 'quarantined'
  switch (settings[from.secured ? 'registration.policy-secured' : 'registration.policy']) {
    case 'closed':
      return 'refused'
    case 'quarantine':
      return 'quarantined'
    default:
      return 'admitted'
  }
}
