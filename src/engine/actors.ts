/**
 * All actors in memory, found by endpoint, id, registration or peer. Loads what is missing, lets go of
 * what is idle: memory follows the devices that are awake, not those that exist.
 */
import { profiles, type Profile } from '../config/profiles.ts'
import type { Peer } from '../coap/types.ts'
import { chosenProfile, type ProfileRules } from '../fleet/registry/profile-choice.ts'
import type { DeviceId, EndpointName, VouchedFor } from '../fleet/registry/types.ts'
import type { DeviceKey, DeviceSnapshot } from '../fleet/store.ts'
import { Actor } from './actor.ts'
import type { ActorInput, Sender } from './inputs.ts'
import type { LoadTicket } from './ports.ts'
import { stateOf, type DeviceState } from './state.ts'

/** Actors looked at for one that comes: more than one, so that the limit is reached again after a burst. */
const looksACall = 4

/** Somebody waits for a device that is being read from the store. */
interface Loading extends LoadTicket {
  readonly inputs: ActorInput[]
}

export class Actors {
  readonly #limit: number
  readonly #profiles: ProfileRules
  readonly #bound: (peer: Peer, endpoint: EndpointName) => void
  readonly #byEndpoint = new Map<EndpointName, Actor>()
  /** Where the last look for somebody to let go of ended. */
  #hand = this.#byEndpoint.values()
  readonly #byId = new Map<DeviceId, Actor>()
  readonly #byRegistration = new Map<string, Actor>()
  readonly #byObservation = new Map<string, Actor>()
  readonly #byPeer = new Map<Peer, Actor>()
  /** One map a kind of key: a text made to tell the kinds apart would have to be hashed and kept by V8 every time. */
  readonly #loading: Readonly<Record<DeviceKey['by'], Map<string | number, Loading>>> = {
    endpoint: new Map(),
    registration: new Map(),
    id: new Map(),
    observation: new Map(),
    address: new Map(),
  }

  /** `bound` hears of each peer that turns out to be a device. */
  constructor(limit: number, profiles: ProfileRules, bound: (peer: Peer, endpoint: EndpointName) => void) {
    this.#limit = limit
    this.#profiles = profiles
    this.#bound = bound
  }

  get size(): number {
    return this.#byEndpoint.size
  }

  get loadingCount(): number {
    return Object.values(this.#loading).reduce((sum, { size }) => sum + size, 0)
  }

  find(key: DeviceKey): Actor | undefined {
    switch (key.by) {
      case 'endpoint':
        return this.#byEndpoint.get(key.endpoint)
      case 'registration':
        return this.#byRegistration.get(key.registrationId)
      case 'id':
        return this.#byId.get(key.deviceId)
      case 'observation':
        return this.#byObservation.get(key.token)
      case 'address':
        // Whoever is in memory is found by its peer; an address is for the store.
        return undefined
    }
  }

  ofId(deviceId: DeviceId): Actor | undefined {
    return this.#byId.get(deviceId)
  }

  ofPeer(peer: Peer): Actor | undefined {
    return this.#byPeer.get(peer)
  }

  /** Timers and sizes towards a peer: its device's, or the listener's where it is none yet. */
  profileOf(peer: Peer | undefined, secured: boolean): Profile {
    const actor = peer === undefined ? undefined : this.#byPeer.get(peer)
    return actor?.profile ?? profiles[secured ? this.#profiles.secured : this.#profiles.plain]
  }

  /** The same towards somebody who has not said who it is: what is known is the network it comes from. */
  profileOfAddress(address: string): Profile {
    return profiles[chosenProfile(undefined, { address, queueMode: false, secured: true }, this.#profiles).profile]
  }

  /** What the device of a message is found by that names none: its credential, or the address it speaks from. */
  keyOf(from: Sender): DeviceKey | undefined {
    if (from.secured) return from.endpoint === undefined ? undefined : { by: 'endpoint', endpoint: from.endpoint }
    const endpoint = this.#byPeer.get(from.peer)?.state.endpoint
    return endpoint === undefined ? { by: 'address', ...from.remote } : { by: 'endpoint', endpoint }
  }

  /** Lets `input` wait for the device; returns a ticket when nobody asked the store for it yet. */
  await(key: DeviceKey, input: ActorInput, mailboxLimit: number): LoadTicket | 'waiting' | 'full' {
    const name = nameOf(key)
    const loading = this.#loading[key.by].get(name)
    if (loading !== undefined) {
      if (loading.inputs.length >= mailboxLimit) return 'full'
      loading.inputs.push(input)
      return 'waiting'
    }
    const ticket: Loading = { key, inputs: [input] }
    this.#loading[key.by].set(name, ticket)
    return ticket
  }

  /** The store has answered: the actor, if there is such a device, and who waited for it. */
  settle(
    ticket: LoadTicket,
    snapshot: DeviceSnapshot | undefined,
    vouched?: VouchedFor,
  ): { actor: Actor | undefined; inputs: readonly ActorInput[] } {
    const name = nameOf(ticket.key)
    const loading = this.#loading[ticket.key.by]
    const inputs = loading.get(name)?.inputs ?? []
    loading.delete(name)
    const endpoint = snapshot?.device.endpoint ?? (ticket.key.by === 'endpoint' ? ticket.key.endpoint : undefined)
    if (endpoint === undefined) return { actor: undefined, inputs }
    // Another key may have brought the same device in meanwhile: what is in memory is newer.
    const present = this.#byEndpoint.get(endpoint)
    if (present !== undefined) return { actor: present, inputs }
    const actor = new Actor(stateOf(endpoint, snapshot, vouched), this.#profiles)
    this.#byEndpoint.set(endpoint, actor)
    this.#index(actor, undefined, actor.state)
    return { actor, inputs }
  }

  /** Makes `next` the actor's state and keeps every index true to it. */
  apply(actor: Actor, next: DeviceState): void {
    const before = actor.state
    if (next === before) return
    actor.state = next
    this.#index(actor, before, next)
  }

  bind(actor: Actor, peer: Peer): void {
    if (actor.peer === peer) return
    if (actor.peer !== undefined && this.#byPeer.get(actor.peer) === actor) this.#byPeer.delete(actor.peer)
    actor.peer = peer
    this.#byPeer.set(peer, actor)
    this.#bound(peer, actor.state.endpoint)
  }

  forgetPeer(peer: Peer): void {
    const actor = this.#byPeer.get(peer)
    if (actor === undefined) return
    this.#byPeer.delete(peer)
    actor.peer = undefined
  }

  /**
   * Drops idle actors that were not used since the hand last passed, until the limit holds (second chance, a clock's
   * hand: a map is walked from its head again only once its end is reached). Where all are busy, as after a burst of
   * commands for a hundred thousand devices, each call looks at a few, and a `thorough` one now and then at all.
   */
  evict(thorough = false): void {
    let looks = thorough ? 2 * this.#byEndpoint.size : looksACall
    while (this.#byEndpoint.size > this.#limit && looks-- > 0) {
      const { value: actor } = this.#hand.next()
      if (actor === undefined) this.#hand = this.#byEndpoint.values()
      else if (actor.used || !actor.idle) actor.used = false
      else {
        this.#byEndpoint.delete(actor.state.endpoint)
        this.#forget(actor)
      }
    }
  }

  /** Lets go of an actor whatever it is at; nothing may be on its way to the store. */
  drop(actor: Actor): void {
    actor.isGone = true
    this.#byEndpoint.delete(actor.state.endpoint)
    this.#forget(actor)
  }

  #forget(actor: Actor): void {
    this.#index(actor, actor.state, undefined)
    if (actor.peer !== undefined) this.#byPeer.delete(actor.peer)
  }

  #index(actor: Actor, before: DeviceState | undefined, next: DeviceState | undefined): void {
    if (before?.device?.id !== next?.device?.id) {
      if (before?.device !== undefined) this.#byId.delete(before.device.id)
      if (next?.device !== undefined) this.#byId.set(next.device.id, actor)
    }
    if (before?.registration?.id !== next?.registration?.id) {
      if (before?.registration !== undefined) this.#byRegistration.delete(before.registration.id)
      if (next?.registration !== undefined) this.#byRegistration.set(next.registration.id, actor)
    }
    if (before?.observations !== next?.observations) {
      for (const observation of before?.observations ?? []) this.#byObservation.delete(observation.token)
      for (const observation of next?.observations ?? []) this.#byObservation.set(observation.token, actor)
    }
  }
}

/** Tells keys of one kind apart. */
function nameOf(key: DeviceKey): string | number {
  switch (key.by) {
    case 'endpoint':
      return key.endpoint
    case 'registration':
      return key.registrationId
    case 'id':
      return key.deviceId
    case 'observation':
      return key.token
    case 'address':
      return `${key.address} ${key.port}`
  }
}
