/** One line of the handshake log. */
import { between, type Instant } from '../../base/time.ts'
import type { DtlsFault } from '../faults.ts'
import type { HandshakeReport } from '../sink.ts'
import type { Handshake } from './handshake.ts'

/** `fault` says why it failed, or with `isOver` false why it looks like that; without one it completed. */
export function reportOf(
  now: Instant,
  handshake: Handshake,
  fault: DtlsFault | undefined,
  isOver = true,
): HandshakeReport {
  return {
    role: handshake.role,
    path: handshake.path,
    outcome: fault === undefined ? 'completed' : isOver ? 'failed' : 'failing',
    reason: fault?.fault,
    detail: fault?.detail,
    principal: handshake.principal,
    suite: handshake.suite?.name,
    ownCid: handshake.ownCid,
    resumed: handshake.resumed,
    duration: between(handshake.started, now),
    retransmissions: handshake.retransmissions,
  }
}
