/**
 * The order of notifications (RFC 7641 §3.4): which of two is the newer, when the network may have
 * turned them round and the 24-bit sequence wraps. A pure rule; who observes what is not its affair.
 */
import { seconds, type Duration, type Instant } from '../base/time.ts'

/** Sequence numbers have 24 bits. */
const modulus = 2 ** 24
const half = 2 ** 23

/** So long after the last one, anything is newer: the sequence may have come round. */
export const observeWindow: Duration = seconds(128)

export interface SeenNotification {
  /** The Observe option. */
  readonly sequence: number
  readonly at: Instant
}

/** Whether a notification that arrives `now` with `sequence` is newer than the last one taken. */
export function isNewer(last: SeenNotification, now: Instant, sequence: number): boolean {
  const [v1, v2] = [last.sequence, sequence]
  // RFC 7641 §3.4, the three lines as they stand there
  return (v1 < v2 && v2 - v1 < half) || (v1 > v2 && v1 - v2 > half) || now > last.at + observeWindow
}

/** The Observe value after `sequence`. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) % modulus
}
