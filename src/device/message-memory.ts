/**
 * Which messages of the peer were already heard and what was answered (RFC 7252 §4.5): the CoAP package
 * runs a handler twice for a repeated CON. One peer, so message id and token are the key; the token because a
 * server that restarted may come upon an id it used a minute ago.
 */
import { seconds, type Duration } from '../base/time.ts'

/** EXCHANGE_LIFETIME with the default timers of the sender, RFC 7252 §4.8.2. */
const lifetime: Duration = seconds(247)
/** The oldest is forgotten beyond this many. */
const limit = 256

interface Heard {
  readonly token: string
  readonly at: number
  answer: Buffer | undefined
}

export class MessageMemory {
  readonly #heard = new Map<number, Heard>()

  /** 'new' the first time; then 'pending' until an answer was given, and from there on that answer. */
  heard(messageId: number, token: string, now: number): 'new' | 'pending' | Buffer {
    const earlier = this.#heard.get(messageId)
    if (earlier?.token === token && now - earlier.at < lifetime) return earlier.answer ?? 'pending'
    this.#heard.delete(messageId)
    this.#heard.set(messageId, { token, at: now, answer: undefined })
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= limit) break
      this.#heard.delete(oldest)
    }
    return 'new'
  }

  answered(messageId: number, answer: Buffer): void {
    const heard = this.#heard.get(messageId)
    if (heard !== undefined) heard.answer = answer
  }
}
