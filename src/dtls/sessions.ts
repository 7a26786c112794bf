/**
 * Sessions a peer may resume by id (RFC 5246 §7.3), newest kept. Only ones with an extended master secret
 * come in (RFC 7627 §5.3), and one belongs to the name it was made under.
 */
import { LruMap } from '../base/lru.ts'
import type { Bytes } from '../base/bytes.ts'
import { after, type Duration, type Instant } from '../base/time.ts'
import { principalKey, type Principal } from './principal.ts'
import type { CipherSuite } from './suites.ts'
import { cidKeyOf, type CidKey } from './connection-id.ts'

export interface Session {
  readonly id: Bytes
  readonly master: Bytes
  readonly suite: CipherSuite
  readonly principal: Principal
  readonly holder?: string | undefined
  readonly serverName: string | undefined
  readonly expires: Instant
}

export class SessionCache {
  readonly #sessions: LruMap<CidKey, Session>
  readonly #lifetime: Duration

  constructor(limit: number, lifetime: Duration) {
    this.#sessions = new LruMap(limit)
    this.#lifetime = lifetime
  }

  get size(): number {
    return this.#sessions.size
  }

  get isOn(): boolean {
    return this.#sessions.limit > 0
  }

  add(now: Instant, session: Omit<Session, 'expires'>): void {
    if (!this.isOn || session.id.length === 0) return
    this.#sessions.set(keyOf(session.id), { ...session, expires: after(now, this.#lifetime) })
  }

  find(now: Instant, id: Bytes): Session | undefined {
    if (id.length === 0) return undefined
    const session = this.#sessions.peek(keyOf(id))
    if (session === undefined || session.expires > now) return session
    this.#sessions.delete(keyOf(id))
    return undefined
  }

  /** After a fatal alert, said or heard, nobody takes it up again (RFC 5246 §7.2.2). */
  remove(id: Bytes | undefined): void {
    if (id !== undefined) this.#sessions.delete(keyOf(id))
  }

  /** Forgets every session of an identity. */
  revoke(principal: Principal): void {
    const wanted = principalKey(principal)
    for (const [key, session] of this.#sessions.entries()) {
      if (principalKey(session.principal) === wanted) this.#sessions.delete(key)
    }
  }
}

const keyOf = (id: Bytes): CidKey => cidKeyOf(id, 0, id.length)
