/**
 * Instants and durations. Both count milliseconds; a core is handed its `now` and reads no clock.
 */

declare const instant: unique symbol
declare const duration: unique symbol

/** Milliseconds since 1970-01-01T00:00Z, fractions allowed; never runs backwards within a process. */
export type Instant = number & { readonly [instant]: true }
/** Milliseconds, fractions allowed. */
export type Duration = number & { readonly [duration]: true }

export const instantOf = (millisecondsSince1970: number): Instant => millisecondsSince1970 as Instant
export const milliseconds = (count: number): Duration => count as Duration
export const seconds = (count: number): Duration => (count * 1000) as Duration
export const minutes = (count: number): Duration => (count * 60_000) as Duration
export const hours = (count: number): Duration => (count * 3_600_000) as Duration
export const days = (count: number): Duration => (count * 86_400_000) as Duration

/** The instant `wait` after `start`. */
export const after = (start: Instant, wait: Duration): Instant => (start + wait) as Instant
/** How long from `start` to `end`; negative where `end` came first. */
export const between = (start: Instant, end: Instant): Duration => (end - start) as Duration

/** Later than every instant a deadline can have. */
export const never: Instant = Number.POSITIVE_INFINITY as Instant
