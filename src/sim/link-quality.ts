/**
 * What a kind of network does to datagrams: the numbers of devices.md §6. Who uses it and how a link
 * applies them is `link.ts`.
 */
import { milliseconds, minutes, seconds, type Duration } from '../base/time.ts'
import { maxLatency } from '../config/profiles.ts'

export interface LinkQuality {
  /** Median round trip; each way takes half of it, lognormally spread by `spread`. */
  readonly roundTrip: Duration
  /** Sigma of the lognormal. */
  readonly spread: number
  /** Share of datagrams lost, each way. */
  readonly loss: number
  /** Mean length of a run of losses; 1 makes every loss independent. */
  readonly lossRun: number
  /** Share of datagrams that arrive twice. */
  readonly duplication: number
  /** Share of datagrams, and of duplicates, that are held back so that others overtake them. */
  readonly reordering: number
  /** How long one that is held back waits at most. */
  readonly longestHold: Duration
  /** Octets of the largest datagram that gets through. */
  readonly mtu: number
  /** Mappings end after so much silence of the device; undefined: no translation on the way. */
  readonly nat: readonly (readonly [timeout: Duration | undefined, weight: number])[]
}

/** Cellular carriers (devices.md §2, §6). */
const carrierNat: LinkQuality['nat'] = [
  [seconds(12), 3],
  [seconds(30), 45],
  [seconds(60), 25],
  [seconds(120), 15],
  [seconds(300), 2],
  [undefined, 10],
]

/** A border router with NAT64, or the router of a house. */
const houseNat: LinkQuality['nat'] = [
  [seconds(30), 3],
  [seconds(120), 4],
  [minutes(120), 2],
  [undefined, 1],
]

/**
 * A private network of the operator's. Where an answer takes as long as translators remember, nothing else
 * works without connection ids: it comes from a port nobody knows.
 */
const privateNetwork: LinkQuality['nat'] = [[undefined, 1]]

const usual = { lossRun: 3, duplication: 0.005, reordering: 0.005, longestHold: seconds(8) } as const

export const linkQualities = {
  'nb-iot': { ...usual, roundTrip: milliseconds(1600), spread: 0.5, loss: 0.02, mtu: 1280, nat: carrierNat },
  'nb-iot-deep': { ...usual, roundTrip: milliseconds(9000), spread: 0.5, loss: 0.1, mtu: 1280, nat: privateNetwork },
  'lte-m': { ...usual, roundTrip: milliseconds(200), spread: 0.5, loss: 0.01, mtu: 1280, nat: carrierNat },
  thread: { ...usual, roundTrip: milliseconds(120), spread: 0.5, loss: 0.02, mtu: 1280, nat: houseNat },
  ip: { ...usual, roundTrip: milliseconds(30), spread: 0.3, loss: 0.001, mtu: 1472, nat: houseNat },
  ntn: { ...usual, roundTrip: milliseconds(11_000), spread: 0.5, loss: 0.03, mtu: 1200, nat: privateNetwork },
} as const satisfies Record<string, LinkQuality>

export type NetworkName = keyof typeof linkQualities

/** The same network on a bad day (devices.md §6, adversarial extras): duplicates as late as CoAP allows for (RFC 7252 §4.8.2). */
export function hostile(quality: LinkQuality, loss: number): LinkQuality {
  return {
    ...quality,
    loss: Math.max(quality.loss, loss),
    duplication: 0.04,
    reordering: 0.02,
    longestHold: maxLatency,
  }
}
