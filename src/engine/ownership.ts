/** Whether who speaks may speak for a device: by its credential where it has one, else by its address. */
import type { Sender } from './inputs.ts'
import type { DeviceState } from './state.ts'

/** A name may be registered by the credential that stands for it, and in the clear while no credential has. */
export function mayRegister({ endpoint, registration }: DeviceState, from: Sender): boolean {
  return from.secured ? from.endpoint === endpoint : registration?.secured !== true
}

/** What was registered with a credential is changed with that credential only. */
export function mayChange({ endpoint, registration }: DeviceState, from: Sender): boolean {
  if (registration?.secured === true) return from.secured && from.endpoint === endpoint
  return !from.secured || from.endpoint === endpoint
}

/** A notification has no location to prove itself by: in the clear it must come from the known address. */
export function mayNotify(state: DeviceState, from: Sender): boolean {
  if (!mayChange(state, from)) return false
  return from.secured || state.registration?.address === from.remote.address
}
