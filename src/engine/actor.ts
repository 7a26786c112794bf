/**
 * The running half of a device: its durable state plus what is true only while it is in memory.
 * One input at a time; what arrives while a commit is on its way waits in a bounded mailbox.
 */
import { instantOf, type Instant } from '../base/time.ts'
import type { Peer, RequestId } from '../coap/types.ts'
import type { Operation } from '../fleet/operations/types.ts'
import type { ActorInput } from './inputs.ts'
import type { Asked } from './requests.ts'
import type { DeviceState, Plan } from './state.ts'

/** The one request the device has from us. */
export type Outstanding =
  | { readonly of: 'operation'; readonly request: RequestId; readonly operation: Operation; readonly asked: Asked }
  | {
      readonly of: 'observation'
      readonly request: RequestId
      readonly path: string
      readonly token: string
      readonly asked: Asked
    }

export class Actor {
  state: DeviceState
  readonly mailbox: ActorInput[] = []
  /** The input and its plan that wait for the store. */
  committing: { readonly input: ActorInput; readonly plan: Plan } | undefined
  /** Where the device is heard now; undefined until it has spoken since we have it in memory. */
  peer: Peer | undefined
  /** When the device was last heard; as committed where it has not spoken since we have it in memory. */
  lastUplink: Instant
  outstanding: Outstanding | undefined
  /** It left a request unanswered and has not been heard since: nothing more is sent until it is. */
  silent = false
  /** A commit of its own doing failed: nothing more is begun until the next sweep. */
  stalled = false
  /** Used since the last round of eviction. */
  used = true

  constructor(state: DeviceState) {
    this.state = state
    this.lastUplink = state.device?.lastSeen ?? instantOf(0)
  }

  get idle(): boolean {
    return this.committing === undefined && this.outstanding === undefined && this.mailbox.length === 0
  }
}
