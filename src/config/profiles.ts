/**
 * Network profiles: what a kind of radio link asks of our timers and sizes, and everything derived
 * from that (RFC 7252 §4.8.2). Chosen per device; derived values are computed, never typed in.
 */
import { milliseconds, seconds, minutes, type Duration } from '../base/time.ts'

/** What may be tuned per peer. Sources: devices.md §3, RFC 7252 §4.8, RFC 7925 §11. */
export interface Profile {
  readonly name: ProfileName
  /** ACK_TIMEOUT: wait for the first ACK of a CON. */
  readonly ackTimeout: Duration
  /** ACK_RANDOM_FACTOR, ≥ 1. */
  readonly ackRandomFactor: number
  /** MAX_RETRANSMIT: repetitions after the first transmission. */
  readonly maxRetransmit: number
  /** NSTART: requests outstanding towards one peer. */
  readonly nstart: number
  /** PROBING_RATE, octets a second towards a peer that does not answer. */
  readonly probingRate: number
  /** First wait for a lost DTLS flight, its cap, and how often a flight is sent again. */
  readonly flightTimeout: Duration
  readonly flightTimeoutLimit: Duration
  readonly flightRetransmissions: number
  /** Preferred block of a transfer we shape, octets: 16·2^SZX. */
  readonly blockSize: BlockSize
  /** Where a download to us or a Block1 to the device starts before it has proved it can take more. */
  readonly firstBlockSize: BlockSize
  /** Largest datagram we send, octets. */
  readonly datagramLimit: number
  /** How long the device listens after an uplink, until learned; 'always' for receivers never off. */
  readonly awakeWindow: Duration | 'always'
  /** How long a device may be silent after a reboot we asked for. */
  readonly rebootGrace: Duration
  /** Dedup looks at least this far back: the span over which this kind of *device* repeats itself. */
  readonly deviceExchangeLifetime: Duration
}

export type BlockSize = 16 | 32 | 64 | 128 | 256 | 512 | 1024

export const profileNames = ['nbiot', 'nbiot-deep', 'lte-m', 'thread-router', 'thread-sleepy', 'ip', 'ntn'] as const
export type ProfileName = (typeof profileNames)[number]

/** MAX_LATENCY, RFC 7252 §4.8.2. */
export const maxLatency: Duration = seconds(100)
/** PROCESSING_DELAY is set to ACK_TIMEOUT by RFC 7252 §4.8.2. */

export interface DerivedTimes {
  /** MAX_TRANSMIT_SPAN: first transmission of a CON to its last. */
  readonly maxTransmitSpan: Duration
  /** MAX_TRANSMIT_WAIT: first transmission to giving up on an answer. */
  readonly maxTransmitWait: Duration
  /** EXCHANGE_LIFETIME, and never less than MAX_TRANSMIT_WAIT + MAX_LATENCY. */
  readonly exchangeLifetime: Duration
  /** NON_LIFETIME: how long a NON's message id stays taken. */
  readonly nonLifetime: Duration
}

export function derivedTimes(of: Pick<Profile, 'ackTimeout' | 'ackRandomFactor' | 'maxRetransmit'>): DerivedTimes {
  const scaled = of.ackTimeout * of.ackRandomFactor
  const span = scaled * (2 ** of.maxRetransmit - 1)
  const wait = scaled * (2 ** (of.maxRetransmit + 1) - 1)
  const lifetime = span + 2 * maxLatency + of.ackTimeout
  return {
    maxTransmitSpan: milliseconds(span),
    maxTransmitWait: milliseconds(wait),
    exchangeLifetime: milliseconds(Math.max(lifetime, wait + maxLatency)),
    nonLifetime: milliseconds(span + maxLatency),
  }
}

/** nRF Connect on NB-IoT repeats a CON for up to 337 s and calls the exchange over after 552 s (devices.md §0.8). */
const slowestKnownCellular: Duration = seconds(552)

const table: Record<ProfileName, Omit<Profile, 'name'>> = {
  nbiot: {
    ackTimeout: seconds(8),
    ackRandomFactor: 1.5,
    maxRetransmit: 3,
    nstart: 1,
    probingRate: 1,
    flightTimeout: seconds(9),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 4,
    blockSize: 512,
    firstBlockSize: 256,
    datagramLimit: 1024,
    awakeWindow: seconds(20),
    rebootGrace: minutes(60),
    deviceExchangeLifetime: slowestKnownCellular,
  },
  'nbiot-deep': {
    ackTimeout: seconds(30),
    ackRandomFactor: 1.5,
    maxRetransmit: 2,
    nstart: 1,
    probingRate: 0.2,
    flightTimeout: seconds(18),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 5,
    blockSize: 256,
    firstBlockSize: 128,
    datagramLimit: 640,
    awakeWindow: seconds(45),
    rebootGrace: minutes(60),
    deviceExchangeLifetime: slowestKnownCellular,
  },
  'lte-m': {
    ackTimeout: seconds(4),
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    nstart: 1,
    probingRate: 10,
    flightTimeout: seconds(4),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 4,
    blockSize: 1024,
    firstBlockSize: 512,
    datagramLimit: 1280,
    awakeWindow: seconds(10),
    rebootGrace: minutes(15),
    deviceExchangeLifetime: seconds(294),
  },
  'thread-router': {
    ackTimeout: seconds(2),
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    nstart: 1,
    probingRate: 10,
    flightTimeout: seconds(3),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 5,
    blockSize: 256,
    firstBlockSize: 256,
    datagramLimit: 512,
    awakeWindow: 'always',
    rebootGrace: minutes(15),
    deviceExchangeLifetime: seconds(247),
  },
  // It fetches what its parent holds at each poll: ACK_TIMEOUT is one and a half of them, the window two, both at their
  // least for what polls faster than every 2.5 s (devices.md §3). A repetition fits in between: `coap/retransmit.ts`.
  'thread-sleepy': {
    ackTimeout: seconds(4),
    ackRandomFactor: 1.5,
    maxRetransmit: 3,
    nstart: 1,
    probingRate: 1,
    flightTimeout: seconds(9),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 4,
    blockSize: 128,
    firstBlockSize: 128,
    datagramLimit: 320,
    awakeWindow: seconds(5),
    rebootGrace: minutes(15),
    deviceExchangeLifetime: seconds(271),
  },
  ip: {
    ackTimeout: seconds(2),
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    nstart: 4,
    probingRate: 100,
    flightTimeout: seconds(1),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 6,
    blockSize: 1024,
    firstBlockSize: 512,
    datagramLimit: 1280,
    awakeWindow: 'always',
    rebootGrace: minutes(10),
    deviceExchangeLifetime: seconds(247),
  },
  ntn: {
    ackTimeout: seconds(20),
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    nstart: 1,
    probingRate: 0.2,
    flightTimeout: seconds(20),
    flightTimeoutLimit: seconds(60),
    flightRetransmissions: 5,
    blockSize: 512,
    firstBlockSize: 256,
    datagramLimit: 1200,
    awakeWindow: seconds(60),
    rebootGrace: minutes(60),
    deviceExchangeLifetime: seconds(1030),
  },
}

export const profiles: Readonly<Record<ProfileName, Profile>> = Object.freeze(
  Object.fromEntries(profileNames.map((name) => [name, Object.freeze({ name, ...table[name] })])) as Record<
    ProfileName,
    Profile
  >,
)

/** A peer nobody has told us anything about (devices.md §3, "choosing a profile"). */
export const unknownPeerProfile: Profile = profiles.nbiot

export function isProfileName(text: string): text is ProfileName {
  return (profileNames as readonly string[]).includes(text)
}
