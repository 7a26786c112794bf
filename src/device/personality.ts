/**
 * What kind of device the virtual one pretends to be: its radio link, its CoAP timers, how long it
 * listens. Numbers follow the field behaviour of nRF91 on NB-IoT, OpenThread sleepy end devices and
 * plain Ethernet; every one may be looked at from the command line.
 */
import { milliseconds, seconds, type Duration } from '../base/time.ts'

export const personalityNames = ['nbiot', 'thread-sleepy', 'ip'] as const
export type PersonalityName = (typeof personalityNames)[number]

export interface Personality {
  readonly name: PersonalityName
  /** Registers with Q and switches its receiver off this long after the last datagram; undefined: never off. */
  readonly awakeWindow: Duration | undefined
  /** Median time an outgoing datagram takes on top of the real network, log-normal around it. */
  readonly latency: Duration
  /** A sleepy receiver fetches what its parent holds only this often; undefined: gets it at once. */
  readonly pollPeriod: Duration | undefined
  /** How often it fetches while it waits for an answer to what it sent itself. */
  readonly fastPollPeriod: Duration
  readonly ackTimeout: Duration
  readonly ackRandomFactor: number
  readonly maxRetransmit: number
  /** Octets a block: what it asks for in downloads and cuts its own long answers into. */
  readonly blockSize: number
  /** Octets of the largest Block1 it takes; a larger first block is answered with this size. */
  readonly writeBlockSize: number
  /** It updates its registration at least this often, sooner where the lifetime asks for it. */
  readonly updatePeriod: Duration
  /** From losing power to the first datagram of the next start. */
  readonly rebootTime: Duration
  /** Writing the new image and swapping slots, ahead of the reboot. */
  readonly installTime: Duration
  /** Default of /1/0/2, seconds: no two notifications of one observation closer than this. */
  readonly minimumPeriod: number
  /** /4/0/0, network bearer. */
  readonly bearer: number
  /** dBm around which /4/0/2 wobbles. */
  readonly signalStrength: number
}

export const personalities: Readonly<Record<PersonalityName, Personality>> = {
  nbiot: {
    name: 'nbiot',
    awakeWindow: seconds(20),
    latency: milliseconds(700),
    pollPeriod: undefined,
    fastPollPeriod: milliseconds(0),
    ackTimeout: seconds(15),
    ackRandomFactor: 1.5,
    maxRetransmit: 3,
    blockSize: 512,
    writeBlockSize: 256,
    updatePeriod: seconds(60),
    rebootTime: seconds(5),
    installTime: seconds(3),
    minimumPeriod: 5,
    bearer: 7,
    signalStrength: -104,
  },
  'thread-sleepy': {
    name: 'thread-sleepy',
    awakeWindow: undefined,
    latency: milliseconds(30),
    pollPeriod: seconds(2),
    fastPollPeriod: milliseconds(100),
    ackTimeout: seconds(4),
    ackRandomFactor: 1.5,
    maxRetransmit: 3,
    blockSize: 128,
    writeBlockSize: 128,
    updatePeriod: seconds(120),
    rebootTime: seconds(3),
    installTime: seconds(2),
    minimumPeriod: 2,
    bearer: 23,
    signalStrength: -71,
  },
  ip: {
    name: 'ip',
    awakeWindow: undefined,
    latency: milliseconds(0),
    pollPeriod: undefined,
    fastPollPeriod: milliseconds(0),
    ackTimeout: seconds(2),
    ackRandomFactor: 1.5,
    maxRetransmit: 4,
    blockSize: 1024,
    writeBlockSize: 1024,
    updatePeriod: seconds(3600),
    rebootTime: seconds(2),
    installTime: seconds(2),
    minimumPeriod: 1,
    bearer: 41,
    signalStrength: -40,
  },
}

export function isPersonalityName(text: string): text is PersonalityName {
  return (personalityNames as readonly string[]).includes(text)
}
