/**
 * What virtual devices tell whoever watches them: facts as the device sees them, never what the server
 * thinks. The ledger compares the two.
 */
import type { Instant } from '../../base/time.ts'
import type { Link } from '../link.ts'
import type { Personality } from './personality.ts'

/** What is told of a device with each fact. */
export interface Witnessed {
  readonly endpoint: string
  readonly personality: Personality
  readonly link: Link
  /** Times it went through a restart. */
  readonly restarts: number
}

/** Something of the device's that the server said yes to. */
export type Promised =
  | { readonly what: 'register'; readonly registrationId: string }
  | { readonly what: 'update'; readonly registrationId: string; readonly askedAt: Instant }
  | { readonly what: 'deregister'; readonly registrationId: string }
  | { readonly what: 'send' | 'notification'; readonly path: string; readonly number: number }

/** Something the server made the device do. `tag` is unique to the operation that asked for it. */
export interface Deed {
  readonly kind: 'write' | 'execute'
  readonly path: string
  readonly tag: string
}

export interface Refusal {
  readonly message: 'Register' | 'Update' | 'Send'
  readonly code: string
  readonly askedAt: Instant
}

/** What a device goes through that breaks no promise whatever comes of it. */
export type Fact =
  /** A request of its own was answered so long after it was asked, milliseconds. */
  | { readonly fact: 'answer'; readonly to: 'register' | 'update' | 'send' | 'block'; readonly took: number }
  /** One was not, however often it was repeated. */
  | { readonly fact: 'silence' }
  /** A block of firmware was kept. */
  | { readonly fact: 'block'; readonly octets: number }
  /** A download goes on in the middle. */
  | { readonly fact: 'resume' }
  /** A new image did not come up, and the old one runs again. */
  | { readonly fact: 'revert' }

export interface Witness {
  promised(now: Instant, device: Witnessed, promise: Promised): void
  did(now: Instant, device: Witnessed, deed: Deed): void
  /** The server said no (4.xx, 5.xx) to a message of the device's own. */
  refused(now: Instant, device: Witnessed, refusal: Refusal): void
  /** A datagram came while the radio was off; `silence` is how long the server had not heard the device. */
  missed(now: Instant, device: Witnessed, silence: number): void
  /** A notification was met with RST: the device observes no more under its token. */
  spurned(now: Instant, device: Witnessed, path: string, token: string): void
  /** A request of the server's came while the device was fetching firmware. */
  interrupted(now: Instant, device: Witnessed): void
  /** A new image runs. */
  installed(now: Instant, device: Witnessed, version: string): void
  noted(now: Instant, device: Witnessed, fact: Fact): void
}
