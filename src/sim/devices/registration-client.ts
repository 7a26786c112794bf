/**
 * The registration interface from the device's side (LwM2M Core 1.2 §6.2): Register, Update in time,
 * De-register, and what each kind of client does when one of them fails (devices.md §1).
 */
import { utf8 } from '../../base/bytes.ts'
import { after, milliseconds, seconds, type Instant } from '../../base/time.ts'
import { codeText, isSuccess, method, response as codes } from '../../coap/codes.ts'
import { contentFormat } from '../../coap/content-formats.ts'
import { option } from '../../coap/options.ts'
import type { InboundResponse, RequestOutcome } from '../../coap/types.ts'
import { between, weighted } from '../chance.ts'
import type { Timer } from '../timeline.ts'
import type { Living } from './parts.ts'
import type { Refusal } from './witness.ts'
import { objectListOf } from './objects.ts'

/** An Update is sent so long before the lifetime ends, where that is later than half of it. */
const margin = seconds(93)

export class RegistrationClient {
  readonly #life: Living
  readonly #lifetime: number
  #location: string | undefined
  #begun = false
  #asking = false
  /** A registration is due after what is being asked. */
  #anew = false
  #gaveUp = false
  #failures = 0
  #next: Timer | undefined
  /** Who waits for the answer to an Update before it speaks. */
  #waiting: ((now: Instant, registered: boolean) => void)[] = []

  constructor(life: Living) {
    this.#life = life
    this.#lifetime = weighted(life.device.chance, life.device.personality.lifetimes)
  }

  /** The registration id the device holds, if it holds one. */
  get id(): string | undefined {
    return this.#location
  }

  /** Whether a Register of this life has been answered with a yes. */
  get hasBegun(): boolean {
    return this.#begun
  }

  get isIdle(): boolean {
    return !this.#asking
  }

  /** The client will not try again before power is cycled. */
  get gaveUp(): boolean {
    return this.#gaveUp
  }

  begin(now: Instant): void {
    this.register(now)
  }

  /** A full registration, as soon as nothing else is being asked. */
  register(now: Instant): void {
    if (this.#asking) {
      this.#anew = true
      return
    }
    this.#anew = false
    const { device } = this.#life
    const { personality } = device
    this.#location = undefined
    this.#asking = true
    this.#life.stop(this.#next)
    // LwM2M Core 1.2 §6.2.1: with a Register all observations are forgotten.
    this.#life.reporter.forgetObservers(now)
    const binding = queueParameters(personality.version, personality.radio.kind !== 'always')
    const query = [`ep=${device.endpoint}`, `lt=${this.#lifetime}`, `lwm2m=${personality.version}`, ...binding]
    const payload = utf8(objectListOf(personality))
    this.#life.ask(
      now,
      { code: method.post, path: ['rd'], query, contentFormat: contentFormat.linkFormat, payload },
      (at, outcome) => {
        this.#asking = false
        if (outcome.outcome === 'response' && outcome.response.code === codes.created) {
          this.#registered(at, outcome.response)
        } else {
          this.#failed(at, 'Register', now, outcome)
        }
      },
    )
  }

  /** Sends an Update; `then` hears whether the device is registered after it. */
  update(now: Instant, then?: (now: Instant, registered: boolean) => void): void {
    if (then !== undefined) this.#waiting.push(then)
    if (this.#asking) return
    const id = this.#location
    if (id === undefined) {
      this.#answerWaiting(now, false)
      return
    }
    this.#asking = true
    this.#life.stop(this.#next)
    this.#life.ask(now, { code: method.post, path: ['rd', id] }, (at, outcome) => {
      this.#asking = false
      if (outcome.outcome === 'response' && outcome.response.code === codes.changed) {
        this.#promised(at, { what: 'update', registrationId: id, askedAt: now })
        this.#scheduleUpdate(at)
        this.#answerWaiting(at, !this.#anew)
        if (this.#anew) this.register(at)
        return
      }
      this.#answerWaiting(at, false)
      if (outcome.outcome === 'response' && outcome.response.code !== codes.notFound)
        this.#refused(at, 'Update', now, outcome)
      // devices.md §1: whatever came of an Update but a yes, a full Register follows.
      this.register(at)
    })
  }

  /** Leaves; `then` in any case. */
  deregister(now: Instant, then: (now: Instant) => void): void {
    const id = this.#location
    if (id === undefined || this.#asking) {
      then(now)
      return
    }
    this.#asking = true
    this.#location = undefined
    this.#life.stop(this.#next)
    this.#life.ask(now, { code: method.delete, path: ['rd', id] }, (at, outcome) => {
      this.#asking = false
      if (outcome.outcome === 'response' && outcome.response.code === codes.deleted) {
        this.#promised(at, { what: 'deregister', registrationId: id })
      }
      then(at)
    })
  }

  #registered(now: Instant, response: InboundResponse): void {
    const [, id] = response.options.texts(option.locationPath)
    this.#location = id ?? ''
    this.#begun = true
    this.#failures = 0
    this.#promised(now, { what: 'register', registrationId: this.#location })
    this.#scheduleUpdate(now)
    this.#answerWaiting(now, true)
    this.#life.firmware.registered(now)
  }

  #failed(now: Instant, message: Refusal['message'], askedAt: Instant, outcome: RequestOutcome): void {
    this.#answerWaiting(now, false)
    this.#refused(now, message, askedAt, outcome)
    const { afterFailure } = this.#life.device.personality
    if (afterFailure === 'idle') {
      this.#gaveUp = true
      return
    }
    const wait = Math.min(afterFailure.first * 2 ** this.#failures++, afterFailure.longest)
    const { chance } = this.#life.device
    this.#next = this.#life.in(now, wait * between(chance, 0.75, 1.25), (at) => this.register(at))
  }

  #refused(now: Instant, message: Refusal['message'], askedAt: Instant, outcome: RequestOutcome): void {
    if (outcome.outcome !== 'response' || isSuccess(outcome.response.code)) return
    const { device } = this.#life
    device.witness.refused(now, device, { message, code: codeText(outcome.response.code), askedAt })
  }

  #scheduleUpdate(now: Instant): void {
    const { chance, personality } = this.#life.device
    const lifetime = seconds(this.#lifetime)
    const latest = lifetime < 2 * margin ? lifetime / 2 : lifetime - margin
    const wait = Math.min(personality.updateEvery, latest) * between(chance, 0.95, 1)
    this.#life.stop(this.#next)
    this.#next = this.#life.at(after(now, milliseconds(wait)), (at) => this.update(at))
  }

  #answerWaiting(now: Instant, registered: boolean): void {
    for (const then of this.#waiting.splice(0)) then(now, registered)
  }

  #promised(now: Instant, promised: Parameters<Living['device']['witness']['promised']>[2]): void {
    const { device } = this.#life
    device.witness.promised(now, device, promised)
  }
}

/** LwM2M 1.0 puts the queue into the binding, later versions into a parameter of its own. */
function queueParameters(version: string, queueMode: boolean): readonly string[] {
  if (!queueMode) return ['b=U']
  return version === '1.0' ? ['b=UQ'] : ['b=U', 'Q']
}
