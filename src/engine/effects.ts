/** Carries out what a plan wanted once it is durable, and takes back what was prepared when it is not. */
import type { EnvironmentError } from '../base/errors.ts'
import type { Instant } from '../base/time.ts'
import type { Actor } from './actor.ts'
import { storeFailed } from './command-errors.ts'
import type { EngineCore } from './core.ts'
import type { Downlink } from './downlink.ts'
import type { Effect } from './state.ts'

export class Effects {
  readonly #engine: Pick<EngineCore, 'coap' | 'actors'>
  readonly #downlink: Downlink

  constructor(engine: Pick<EngineCore, 'coap' | 'actors'>, downlink: Downlink) {
    this.#engine = engine
    this.#downlink = downlink
  }

  carryOut(now: Instant, actor: Actor, effect: Effect): void {
    switch (effect.effect) {
      case 'respond':
        this.#engine.coap.respond(now, effect.exchange, effect.response)
        return
      case 'acknowledge':
        this.#engine.coap.acknowledge(now, effect.exchange)
        return
      case 'reject':
        this.#engine.coap.reject(now, effect.exchange)
        return
      case 'fetch-rest':
        this.#downlink.fetchRest(now, actor, effect.observation, effect.input)
        return
      case 'transmit':
        this.#engine.coap.transmit(now, effect.request)
        return
      case 'reply':
        effect.reply.resolve(effect.result)
        return
      case 'refuse':
        effect.reply.reject(effect.error)
        return
      case 'heard':
        this.#engine.actors.bind(actor, effect.peer)
        actor.lastUplink = now
        actor.silent = false
        return
      case 'claimed':
        actor.claim = { peer: effect.peer, at: now }
        return
    }
  }

  /** The commit failed: nothing of the plan happened, and nobody is told that it did. */
  undo(now: Instant, actor: Actor, effect: Effect, error: EnvironmentError, isRetried: boolean): void {
    switch (effect.effect) {
      case 'acknowledge':
        // What is tried again is acknowledged then; meanwhile the device's repetitions are silence.
        if (!isRetried) this.#engine.coap.dismiss(now, effect.exchange)
        return
      case 'respond':
      case 'reject':
      case 'fetch-rest':
        this.#engine.coap.dismiss(now, effect.exchange)
        return
      case 'transmit':
        this.#downlink.withdraw(now, actor, effect.request)
        return
      case 'reply':
      case 'refuse':
        effect.reply.reject(storeFailed(error))
        return
      case 'heard':
      case 'claimed':
        return
    }
  }
}
