/** Handshakes for people: who came, with what, and why it did not work. */
import type { Duration, Instant } from '../../base/time.ts'

export interface Handshake {
  /** Rises by one each; begins at 1 with the process. */
  readonly id: number
  /** When it ended, or began to look bad. */
  readonly at: Instant
  readonly address: string
  readonly port: number
  /** failing: not over, but the peer's key looks wrong; gives way to how it ends. */
  readonly outcome: 'completed' | 'failed' | 'failing'
  /** What the peer said it is, proved only where the handshake completed; absent where it did not come to that. */
  readonly identity?: string
  /** IANA name without the leading TLS_. */
  readonly suite?: string
  /** The connection id we gave, hex; absent where there is none. */
  readonly connectionId?: string
  readonly resumed: boolean
  readonly duration: Duration
  /** Flights sent again. */
  readonly retransmissions: number
  /** The stable name of what went wrong. */
  readonly fault?: string
  /** Why it failed, for people. */
  readonly reason?: string
}

export interface HandshakeCounts {
  readonly completed: number
  readonly failed: number
  /** By name of the fault. */
  readonly faults: Readonly<Record<string, number>>
}
