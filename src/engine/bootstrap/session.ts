/** One device on its way through a bootstrap, as long as it is in memory: its durable run and what is under way. */
import type { Peer, RequestId } from '../../coap/types.ts'
import type { BootstrapRun } from '../../fleet/bootstrap/types.ts'

export class Session {
  run: BootstrapRun
  /** Where the device is; undefined until its association has been found again after a restart. */
  peer: Peer | undefined
  /** The one message the device has from us. */
  outstanding: RequestId | undefined
  /** Committed once: before that there is nothing to go on with when a commit fails. */
  durable = false
  /** What it is about waits for the store. */
  committing = false
  /** A commit failed: nothing more is begun until the next look. */
  stalled = false

  constructor(run: BootstrapRun, peer: Peer | undefined) {
    this.run = run
    this.peer = peer
  }
}
