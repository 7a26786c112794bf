/**
 * What the services and the API have of the process: commands for devices, commits beside them, and why
 * nothing can be promised just now. One thread's control here.
 */
import type { Instant } from '../base/time.ts'
import type { Principal } from '../dtls/principal.ts'
import type { Engine } from '../engine/engine.ts'
import type { Commands } from '../fleet/commands.ts'
import type { CredentialPurpose } from '../fleet/credentials/types.ts'
import type { EventDraft } from '../fleet/events/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { LocalDesk } from './desk.ts'
import type { Driver } from './driver.ts'

export interface Control extends Commands {
  /** Commits and answers what is under way, now: what is read from the store next is the truth. */
  settle(): void
  /**
   * For what touches no device (images): durable when it returns; throws EnvironmentError. What waits is
   * committed first, so that events appear in the order of their ids.
   */
  commitNow(ops: readonly StoreOp[], events?: readonly EventDraft[]): void
  /** Ends everything the identity has open, and its handshakes under way. */
  revoke(principal: Principal, purpose: CredentialPurpose): void
  /** Why nothing can be promised just now, a sentence each. */
  obstacles(): readonly string[]
}

/** Control where the engine and the store share this thread; `engine` is asked for once it runs. */
export function controlOf(driver: Driver, desk: LocalDesk, engine: () => Engine, now: () => Instant): Control {
  return {
    settle: () => driver.settle(),
    submit: (command) => driver.submit(command),
    commitNow: (ops, events = []) => {
      driver.settle()
      desk.commitNow(engine(), now(), ops, events)
    },
    revoke: (principal, purpose) => {
      if (purpose === 'management') driver.revoke(principal)
    },
    obstacles: () => (desk.isFailing ? ['the store takes no writes'] : []),
  }
}
