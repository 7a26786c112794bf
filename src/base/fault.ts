/**
 * What a peer can get wrong, as a value (ARCHITECTURE §6). A core returns a fault, never throws one;
 * the `reactions.ts` of its layer says what the peer gets for it.
 */

export interface Fault {
  readonly fault: string
  /** For the log and, where the protocol allows one, the diagnostic payload; never secret. */
  readonly detail?: string
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'fault' in value
}
