/**
 * The running half of a device: its durable state plus what is true only while it is in memory.
 * One input at a time; what arrives while a commit is on its way waits in a bounded mailbox.
 */
import { instantOf, type Instant } from '../base/time.ts'
import { profiles, type Profile } from '../config/profiles.ts'
import type { Peer, RequestId } from '../coap/types.ts'
import type { ConfigurationObserver } from '../fleet/configuration/types.ts'
import { pullOf, type Block, type Pull } from '../fleet/firmware/progress.ts'
import type { Operation } from '../fleet/operations/types.ts'
import { chosenProfile, type ProfileRules } from '../fleet/registry/profile-choice.ts'
import { awakeWindowOf } from '../fleet/registry/rules.ts'
import type { ActorInput } from './inputs.ts'
import { isSecured } from './peers.ts'
import type { Asked, Kept } from './requests.ts'
import type { DeviceState, Plan } from './state.ts'

/** The one request the device has from us. */
export type Outstanding =
  | {
      readonly of: 'operation'
      readonly request: RequestId
      readonly operation: Operation
      readonly asked: Asked
      readonly sentAt: Instant
    }
  | {
      /** attributes: what the device is to be told before, or beside, its observation. */
      readonly of: 'observation' | 'attributes'
      readonly request: RequestId
      readonly path: string
      readonly token: string
      readonly kept: Kept
      readonly asked: Asked
      readonly sentAt: Instant
    }
  | {
      /** What we want to know by ourselves (`inquiry.ts`). */
      readonly of: 'inquiry'
      readonly request: RequestId
      readonly path: string
      readonly kept: Kept
      readonly asked: Asked
      readonly sentAt: Instant
    }
  | {
      /** No request, but told of a change of its configuration. */
      readonly of: 'configuration'
      readonly peer: Peer
      readonly observer: ConfigurationObserver
      /** Of what it is told; undefined that there is none any more. */
      readonly changedAt: Instant | undefined
    }

/** One with an answer to wait for. */
export type OutstandingRequest = Exclude<Outstanding, { of: 'configuration' }>

type ProfiledBy = Parameters<typeof chosenProfile>[1]

/** Of a device that speaks DTLS and no LwM2M. */
const unregisteredSecured: ProfiledBy = { address: '', queueMode: false, secured: true }

export class Actor {
  #state: DeviceState
  /** How far a download has come that goes on block by block: counted here until somebody wants to know. */
  #pull: Pull | undefined
  readonly #profiles: ProfileRules
  readonly mailbox: ActorInput[] = []
  /** The input and its plan that wait for the store. */
  committing: { readonly input: ActorInput; readonly plan: Plan } | undefined
  /** Where the device is heard now; undefined until it has spoken since we have it in memory. */
  peer: Peer | undefined
  /** When the device was last heard; as committed where it has not spoken since we have it in memory. */
  lastUplink: Instant
  outstanding: Outstanding | undefined
  /** Who last spoke for the device by nothing but its own word, and when. */
  claim: { readonly peer: Peer; readonly at: Instant } | undefined
  /** It left a request unanswered and has not been heard since: nothing more is sent until it is. */
  silent = false
  /** A commit of its own doing failed: nothing more is begun until the next sweep. */
  stalled = false
  /** Another engine has the device now: what still comes for this actor goes the way of a first word. */
  isGone = false
  /** Used since the last round of eviction. */
  used = true
  /** The last profile, and what it was made of. */
  #profile: Profile = profiles.nbiot
  #profileOf: Partial<Pick<DeviceState, 'device' | 'wake'> & { registration: ProfiledBy }> = {}

  constructor(state: DeviceState, profileRules: ProfileRules) {
    this.#state = state
    this.#pull = pullOf(state.update)
    this.#profiles = profileRules
    this.lastUplink = state.device?.lastSeen ?? instantOf(0)
  }

  get state(): DeviceState {
    const pull = this.#pull
    if (pull?.isAhead === true) {
      const { fetched, changedAt } = pull
      this.#state = { ...this.#state, update: { ...this.#state.update!, fetched, changedAt } }
      pull.isAhead = false
    }
    return this.#state
  }

  set state(next: DeviceState) {
    if (next.update !== this.#state.update || this.#pull?.isAhead === true) this.#pull = pullOf(next.update)
    this.#state = next
  }

  /** Whether a block that was served is just the next of many, and thereby counted; else it is an input. */
  takesBlock(now: Instant, block: Block): boolean {
    if (this.#pull === undefined || this.committing !== undefined) return false
    if (!this.#pull.takes(now, block)) return false
    this.used = true
    return true
  }

  /** Timers and sizes to use towards the device, its awake window as it has shown it. */
  get profile(): Profile {
    const { device, wake } = this.#state
    const registration = this.#state.registration ?? (this.#speaksDtls ? unregisteredSecured : undefined)
    const of = this.#profileOf
    if (of.device === device && of.registration === registration && of.wake === wake) return this.#profile
    const { profile } = chosenProfile(device, registration, this.#profiles)
    const awakeWindow = awakeWindowOf(profile, wake)
    this.#profileOf = { device, registration, wake }
    // The same object where nothing has changed: towards the peer nothing is computed anew.
    if (this.#profile.name !== profile || this.#profile.awakeWindow !== awakeWindow) {
      const usual = profiles[profile]
      this.#profile = awakeWindow === usual.awakeWindow ? usual : { ...usual, awakeWindow }
    }
    return this.#profile
  }

  get #speaksDtls(): boolean {
    return this.peer !== undefined && isSecured(this.peer)
  }

  get idle(): boolean {
    return this.committing === undefined && this.outstanding === undefined && this.mailbox.length === 0
  }
}
