/**
 * Tells observers of a device's configuration of a change: one at a time, in a CON, while the device listens; who
 * was asleep is told at its next wake. Knows no rows: what came of it is an input of the device's actor.
 */
import { bytesOfHex, hexOf, type Bytes } from '../../base/bytes.ts'
import { after, never, type Instant } from '../../base/time.ts'
import type { NoticeOutcome, Peer } from '../../coap/types.ts'
import type { ConfigurationObserver } from '../../fleet/configuration/types.ts'
import type { Actor } from '../actor.ts'
import type { EngineCore } from '../core.ts'
import type { ActorInput } from '../inputs.ts'
import { peerOfAssociation, peerOfPath } from '../peers.ts'
import { configurationResponse } from './configuration.ts'

export class ConfigTelling {
  readonly #engine: EngineCore
  readonly #hold: (actor: Actor) => void
  /** Who is being told, by peer and token. */
  readonly #open = new Map<string, Actor>()

  /** `hold`: the device is to be looked at again with the next sweep. */
  constructor(engine: EngineCore, hold: (actor: Actor) => void) {
    this.#engine = engine
    this.#hold = hold
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Tells the next observer that has to know of something; `listensUntil` is how long the device hears requests. */
  next(now: Instant, actor: Actor, listensUntil: () => Instant | undefined): ActorInput | undefined {
    const { configurationObservers, configuration } = actor.state
    const observer = configurationObservers.find(({ toldAt }) => toldAt !== configuration?.changedAt)
    if (observer === undefined) return undefined
    const isClaimed = 'claimed' in observer.way && observer.way.claimed
    const notAfter = isClaimed ? this.#claimListensUntil(actor, observer) : listensUntil()
    if (notAfter === undefined || now >= notAfter) return undefined
    const peer = this.#peerOf(actor, observer)
    if (peer === 'gone') return { input: 'configuration-told', token: observer.token, told: 'refused' }
    if (peer === undefined) return undefined
    // Nothing comes between the blocks of what it hands over (devices.md §0.4).
    if (this.#engine.coap.isReceiving(peer)) this.#hold(actor)
    else this.#tell(now, actor, peer, observer, notAfter)
    return undefined
  }

  #tell(now: Instant, actor: Actor, peer: Peer, observer: ConfigurationObserver, notAfter: Instant): void {
    const { configuration } = actor.state
    const key = keyOf(peer, observer.token)
    this.#open.set(key, actor)
    actor.outstanding = { of: 'configuration', peer, observer, changedAt: configuration?.changedAt }
    const response = configurationResponse(configuration, observer.format, now)
    if (this.#engine.coap.tell(now, peer, observer.registration, response, notAfter)) return
    this.#open.delete(key)
    actor.outstanding = undefined
    this.#hold(actor)
  }

  /** Takes back what is under way. */
  withdraw(now: Instant, actor: Actor): void {
    const { outstanding } = actor
    if (outstanding?.of !== 'configuration') return
    const { peer, observer } = outstanding
    actor.outstanding = undefined
    this.#open.delete(keyOf(peer, observer.token))
    this.#engine.coap.dropObserver(now, peer, bytesOfHex(observer.token)!)
  }

  notified(now: Instant, peer: Peer, token: Bytes, outcome: NoticeOutcome): void {
    const key = keyOf(peer, hexOf(token))
    const actor = this.#open.get(key)
    const outstanding = actor?.outstanding
    this.#open.delete(key)
    if (actor === undefined || outstanding?.of !== 'configuration') return
    actor.outstanding = undefined
    const { observer, changedAt } = outstanding
    const isClaimed = 'claimed' in observer.way && observer.way.claimed
    if (outcome === 'acknowledged' || outcome === 'reset') heard(now, actor, peer, isClaimed)
    else if (outcome === 'timeout') actor.silent ||= !isClaimed
    // RFC 7641 §4.5; by no other sign than its word would we know it again when it wakes.
    const isGone = outcome === 'reset' || (outcome === 'timeout' && isClaimed)
    if (!isGone && outcome !== 'acknowledged') return
    const told = isGone ? 'refused' : { changedAt }
    this.#engine.give(now, actor, { input: 'configuration-told', token: observer.token, told })
  }

  /** Where it is told: undefined while its association is being looked for, gone where it speaks from elsewhere by now. */
  #peerOf(actor: Actor, { way }: ConfigurationObserver): Peer | 'gone' | undefined {
    if ('association' in way) {
      const peer = peerOfAssociation(way.association)
      if (actor.peer === undefined) this.#engine.findSecured(actor.state.endpoint)
      return actor.peer === undefined || actor.peer === peer ? actor.peer : 'gone'
    }
    const peer = peerOfPath(this.#engine.output.pathOf(way, false))
    return way.claimed || actor.peer === undefined || actor.peer === peer ? peer : 'gone'
  }

  /** What only claims to be the device has a wake of its own: the device's says nothing of it, nor its of the device. */
  #claimListensUntil({ claim, profile }: Actor, { way }: ConfigurationObserver): Instant | undefined {
    if (profile.awakeWindow === 'always') return never
    if (claim === undefined || 'association' in way) return undefined
    const isSame = claim.peer === peerOfPath(this.#engine.output.pathOf(way, false))
    return isSame ? after(claim.at, profile.awakeWindow) : undefined
  }
}

function heard(now: Instant, actor: Actor, peer: Peer, isClaimed: boolean): void {
  if (isClaimed) {
    actor.claim = { peer, at: now }
    return
  }
  actor.lastUplink = now
  actor.silent = false
}

function keyOf(peer: Peer, token: string): string {
  return `${peer} ${token}`
}
