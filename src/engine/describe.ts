/** A device as operators see it, from the actor's state. */
import { invariant } from '../base/errors.ts'
import type { Instant } from '../base/time.ts'
import { describedDevice, type StatusRules } from '../fleet/registry/rules.ts'
import type { DeviceWithStatus } from '../fleet/registry/types.ts'
import type { DeviceState } from './state.ts'

export function describeDevice(
  { device, registration }: DeviceState,
  now: Instant,
  rules: StatusRules,
): DeviceWithStatus {
  invariant(device !== undefined, 'only a known device is described')
  return describedDevice(device, registration, now, rules)
}
