/**
 * What a device tells by itself: notifications of what is observed and Sends, each with a number one
 * higher than the last, so that a lost one that was acknowledged shows.
 */
import { hexOf, type Bytes } from '../../base/bytes.ts'
import type { Duration, Instant } from '../../base/time.ts'
import { codeText, method, response as codes } from '../../coap/codes.ts'
import { nextSequence } from '../../coap/observe.ts'
import type { NoticeOutcome } from '../../coap/types.ts'
import { formatPath, isWithin, type Path } from '../../lwm2m/path.ts'
import { encodePayload } from '../../lwm2m/payload/codec.ts'
import { format, type FormatNumber } from '../../lwm2m/payload/content-format.ts'
import { isRefusal } from '../../lwm2m/refusal.ts'
import type { Entry } from '../../lwm2m/value.ts'
import { between, happens, weighted } from '../chance.ts'
import type { Living } from './parts.ts'
import { reportedPath } from './objects.ts'

/** Somebody observes something of the device's. */
interface Relation {
  readonly token: Bytes
  readonly path: Path
  readonly format: FormatNumber
  /** The number of the report that waits for its acknowledgement. */
  underWay: number | undefined
  /** What is under way is out of date: the newest state follows (RFC 7641 §4.5). */
  isStale: boolean
}

export class Reporter {
  readonly #life: Living
  readonly #interval: Duration
  readonly #relations = new Map<string, Relation>()
  #sequence = 0

  constructor(life: Living) {
    this.#life = life
    this.#interval = weighted(life.device.chance, life.device.personality.reportEvery)
  }

  /** Tokens and paths the device notifies under. */
  get relations(): readonly { readonly token: string; readonly path: string }[] {
    return [...this.#relations].map(([token, { path }]) => ({ token, path: formatPath(path) }))
  }

  begin(now: Instant): void {
    this.#life.in(now, this.#interval * between(this.#life.device.chance, 0, 1), (at) => this.#report(at))
  }

  forgetObservers(now: Instant): void {
    const { stack } = this.#life.device
    for (const { token } of this.#relations.values()) stack.coap.dropObserver(now, this.#life.peer, token)
    this.#relations.clear()
  }

  /** An Observe was answered: its answer carried `sequence`. */
  observe(token: Bytes, path: Path, contentFormat: FormatNumber): number {
    const copy = token.slice()
    this.#relations.set(hexOf(copy), { token: copy, path, format: contentFormat, underWay: undefined, isStale: false })
    return (this.#sequence = nextSequence(this.#sequence))
  }

  cancel(token: Bytes): void {
    this.#relations.delete(hexOf(token))
  }

  /** A resource has changed outside the rhythm of reports. */
  changed(now: Instant, path: Path): void {
    for (const relation of this.#relations.values()) {
      if (!isWithin(relation.path, path)) continue
      if (relation.underWay === undefined) this.#notify(now, relation, true)
      else relation.isStale = true
    }
  }

  notified(now: Instant, token: Bytes, outcome: NoticeOutcome): void {
    const { device, registration } = this.#life
    const relation = this.#relations.get(hexOf(token))
    if (relation === undefined) return
    const number = relation.underWay
    relation.underWay = undefined
    if (outcome === 'acknowledged') {
      if (relation.isStale) {
        relation.isStale = false
        this.#notify(now, relation, true)
      }
      if (number === undefined || !isWithin(relation.path, reportedPath)) return
      device.witness.promised(now, device, { what: 'notification', path: formatPath(reportedPath), number })
      return
    }
    this.#relations.delete(hexOf(token))
    if (outcome === 'reset') device.witness.spurned(now, device, formatPath(relation.path), hexOf(token))
    // devices.md §1: a notification nobody acknowledges restarts the registration.
    else registration.register(now)
  }

  #report(now: Instant): void {
    const { device, radio, registration } = this.#life
    this.#life.in(now, this.#interval * between(device.chance, 0.97, 1.03), (at) => this.#report(at))
    if (registration.id === undefined) return
    if (device.personality.updatesFirst && !radio.isOn(now)) {
      registration.update(now, (at, registered) => {
        if (registered) this.#tell(at)
      })
    } else {
      this.#tell(now)
    }
  }

  #tell(now: Instant): void {
    const { device } = this.#life
    const { chance, personality } = device
    const number = device.nextNumber()
    if (personality.version !== '1.0' && happens(chance, personality.sends)) {
      this.#send(now, number)
      return
    }
    for (const relation of this.#relations.values()) {
      if (isWithin(relation.path, reportedPath)) this.#notify(now, relation, personality.notifications === 'con')
    }
  }

  #notify(now: Instant, relation: Relation, confirmable: boolean): void {
    const { device } = this.#life
    // One at a time, so that the acknowledgement says which number it was for.
    if (relation.underWay !== undefined) return
    const payload = this.#encode(relation.path, relation.format, device.objects.entriesAt(relation.path))
    if (payload === undefined) return
    this.#sequence = nextSequence(this.#sequence)
    if (confirmable) relation.underWay = device.number
    const response = { code: codes.content, observe: this.#sequence, contentFormat: relation.format, payload }
    device.stack.notify(now, this.#life.peer, relation.token, response, confirmable)
  }

  /** LwM2M Core 1.2 §6.4.6. */
  #send(now: Instant, number: number): void {
    const { device } = this.#life
    const payload = this.#encode([], format.senmlCbor, device.objects.entriesAt(reportedPath))
    if (payload === undefined) return
    const request = { code: method.post, path: ['dp'], contentFormat: format.senmlCbor, payload }
    this.#life.ask(now, request, (at, outcome) => {
      if (outcome.outcome !== 'response') return
      const { code } = outcome.response
      if (code === codes.changed) {
        device.witness.promised(at, device, { what: 'send', path: formatPath(reportedPath), number })
      } else {
        device.witness.refused(at, device, { message: 'Send', code: codeText(code), askedAt: now })
      }
    })
  }

  #encode(base: Path, contentFormat: FormatNumber, entries: readonly Entry[]): Bytes | undefined {
    const payload = encodePayload(contentFormat, base, entries)
    return isRefusal(payload) ? undefined : payload
  }
}
