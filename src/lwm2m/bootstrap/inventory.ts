/**
 * What a client holds before it is bootstrapped, as its answer to Bootstrap-Discover tells (LwM2M Core 1.2
 * §6.1.7.3): instances by object, and which Security instances are the bootstrap account. That account may sit at
 * any instance and is never written or deleted.
 */
import type { Discovered } from '../payload/discover.ts'

/** Objects a bootstrap is about. */
export const securityObject = 0
export const serverObject = 1
export const accessControlObject = 2

/** The first resource of an account's objects that came after 1.0: older clients may refuse an instance for it. */
export const youngFrom: Readonly<Record<number, number>> = { [securityObject]: 13, [serverObject]: 9 }

export interface Inventory {
  /** Enabler version the client names; undefined where it names none. */
  readonly enabler?: string
  /** Instances by object id, ascending; an object without instances is there with none. */
  readonly instances: Readonly<Record<number, readonly number[]>>
  /** Instances of object 0 that must be left alone. */
  readonly account: readonly number[]
}

/** Where a client tells nothing: its account is taken to sit at `assumed`. */
export function unknownInventory(assumed: number): Inventory {
  return { instances: {}, account: [assumed] }
}

/** Where a client cannot be asked, as before a pack: accounts sit at 0 or 1 as a rule (Leshan, Zephyr; Anjay). */
export function guardedInventory(assumed: number): Inventory {
  return { instances: {}, account: [0, 1, assumed] }
}

/** `assumed` counts only where no instance shows itself to be the account, and none of a server sits there. */
export function inventoryOf({ paths, enabler }: Discovered, assumed: number): Inventory {
  const instances: Record<number, number[]> = {}
  const accounts: number[] = []
  for (const { path, attributes } of paths) {
    const [object, instance] = path
    if (object === undefined) continue
    const known = (instances[object] ??= [])
    if (instance === undefined || path.length > 2 || known.includes(instance)) continue
    known.push(instance)
    if (object === securityObject && isAccount(attributes['ssid'])) accounts.push(instance)
  }
  const isTaken = instances[securityObject]?.includes(assumed) === true
  const account = accounts.length > 0 || isTaken ? accounts : [assumed]
  return { ...(enabler !== undefined && { enabler: enabler.replaceAll('"', '') }), instances, account }
}

/** A server's instance bears its short id; 0 and 65535 are no server's (LwM2M Core 1.2 App. E.1). */
function isAccount(ssid: string | undefined): boolean {
  return ssid === undefined || ssid === '0' || ssid === '65535'
}
