/** What the uplink and the downlink need of the engine that holds them. */
import type { Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { Profile } from '../config/profiles.ts'
import type { CoapEndpoint } from '../coap/endpoint.ts'
import type { Peer, PeerStanding } from '../coap/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { DeviceKey } from '../fleet/store.ts'
import type { Actor } from './actor.ts'
import type { Actors } from './actors.ts'
import type { DeviceViews } from './device-view.ts'
import type { ActorInput, Sender } from './inputs.ts'
import type { EngineOutput } from './ports.ts'

export interface EngineCore {
  readonly coap: CoapEndpoint
  readonly actors: Actors
  readonly settings: Settings
  readonly views: DeviceViews
  readonly output: EngineOutput
  /** Gives `input` to the device's actor, now or when it is loaded and free. */
  deliver(now: Instant, key: DeviceKey, input: ActorInput): void
  /** The same where the actor is at hand. */
  give(now: Instant, actor: Actor, input: ActorInput): void
  senderOf(peer: Peer): Sender
  standingOf(peer: Peer): PeerStanding
  /** Looks for the association of a device that has not spoken since we have it in memory. */
  findSecured(endpoint: EndpointName): void
  profileOf(peer: Peer): Profile
}
