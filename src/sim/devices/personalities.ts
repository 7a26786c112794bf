/**
 * The clients a fleet is made of: the rows of devices.md §6, each from what its SDK does (§1). Clients that
 * differ only in DTLS are told apart where the simulation speaks DTLS.
 */
import { hours, minutes, seconds, milliseconds } from '../../base/time.ts'
import { profiles } from '../../config/profiles.ts'
import { format } from '../../lwm2m/payload/content-format.ts'
import type { Personality } from './personality.ts'

const resumeAfter = minutes(1)
const prompt = { share: 0.01, longest: seconds(4) } as const

/** Zephyr's engine as of 1.0: 256-octet blocks, CON, gives up when a Register is refused. */
const zephyr: Personality = {
  name: 'zephyr-1.0',
  network: 'lte-m',
  profile: 'lte-m',
  stack: { ...profiles['lte-m'], blockSize: 256, firstBlockSize: 256 },
  version: '1.0',
  radio: { kind: 'window', awake: seconds(93) },
  lifetimes: [
    [30, 2],
    [300, 8],
    [3600, 40],
    [86_400, 50],
  ],
  updateEvery: hours(12),
  reportEvery: [
    [hours(24), 40],
    [hours(2), 40],
    [hours(1), 15],
    [minutes(30), 5],
  ],
  notifications: 'con',
  sends: 0,
  updatesFirst: true,
  afterFailure: { first: minutes(1), longest: hours(1) },
  format: format.tlv,
  announcedFormats: [],
  hesitates: prompt,
  download: { blockSize: 256, afterBreak: 'fail', resumeAfter, negotiates: true },
  restart: [seconds(5), seconds(30)],
}

/** nRF Connect SDK on NB-IoT: ACK_TIMEOUT 15 s, window 30 s. */
const nrfNbiot: Personality = {
  ...zephyr,
  name: 'nrf-nbiot',
  network: 'nb-iot',
  profile: 'nbiot',
  stack: { ...profiles.nbiot, ackTimeout: seconds(15), maxRetransmit: 4, blockSize: 512, firstBlockSize: 512 },
  radio: { kind: 'window', awake: seconds(30) },
  lifetimes: [[43_200, 1]],
  updateEvery: seconds(5400),
  download: { blockSize: 512, afterBreak: 'fail', resumeAfter, negotiates: true },
  restart: [seconds(10), seconds(60)],
}

/** OpenThread sleepy end device: a parent keeps one datagram between polls. */
const threadSleepy: Personality = {
  ...zephyr,
  name: 'thread-sleepy',
  network: 'thread',
  profile: 'thread-sleepy',
  stack: profiles['thread-sleepy'],
  version: '1.1',
  radio: { kind: 'polling', awake: seconds(10), interval: milliseconds(2500) },
  lifetimes: [[86_400, 1]],
  updateEvery: hours(6),
  format: format.senmlCbor,
  announcedFormats: [format.text, format.senmlCbor],
  download: { blockSize: 128, afterBreak: 'resume', resumeAfter, negotiates: true },
}

/** Anjay 3 on mains power: NON with a CON a day, Sends, resumes downloads by ETag. */
const anjayFull: Personality = {
  ...zephyr,
  name: 'anjay-full',
  network: 'ip',
  profile: 'ip',
  stack: profiles.ip,
  version: '1.1',
  radio: { kind: 'always' },
  lifetimes: [
    [300, 10],
    [3600, 30],
    [86_400, 60],
  ],
  updateEvery: hours(24),
  reportEvery: [
    [minutes(30), 1],
    [hours(1), 1],
  ],
  notifications: 'non',
  sends: 0.3,
  updatesFirst: false,
  format: format.senmlCbor,
  announcedFormats: [format.text, format.tlv, format.senmlJson, format.senmlCbor],
  download: { blockSize: 1024, afterBreak: 'resume', resumeAfter, negotiates: true },
}

/** Anjay Lite: no Update before it speaks, SenML only. */
const anjayLite: Personality = {
  ...anjayFull,
  name: 'anjay-lite',
  network: 'lte-m',
  profile: 'lte-m',
  stack: profiles['lte-m'],
  radio: { kind: 'window', awake: seconds(30) },
  lifetimes: [[86_400, 1]],
  reportEvery: zephyr.reportEvery,
  notifications: 'con',
  sends: 0.2,
  announcedFormats: [format.text, format.senmlCbor],
  download: { blockSize: 1024, afterBreak: 'fail', resumeAfter, negotiates: false },
}

/** Wakaama on a Thread router: always there, TLV. */
const wakaamaThread: Personality = {
  ...zephyr,
  name: 'wakaama-thread',
  network: 'thread',
  profile: 'thread-router',
  stack: profiles['thread-router'],
  version: '1.1',
  radio: { kind: 'always' },
  lifetimes: [[300, 1]],
  updatesFirst: false,
  notifications: 'non',
  announcedFormats: [format.text, format.tlv],
  download: { blockSize: 256, afterBreak: 'fail', resumeAfter, negotiates: true },
}

/** Quectel BC66: an AT modem in deep coverage, gives up until power is cycled. */
const bc66: Personality = {
  ...nrfNbiot,
  name: 'bc66',
  network: 'nb-iot-deep',
  profile: 'nbiot-deep',
  stack: { ...profiles['nbiot-deep'], maxRetransmit: 4 },
  radio: { kind: 'window', awake: seconds(93) },
  lifetimes: [[86_400, 1]],
  updateEvery: hours(12),
  reportEvery: [[hours(24), 1]],
  afterFailure: 'idle',
  download: { blockSize: 256, afterBreak: 'fail', resumeAfter, negotiates: true },
}

/** HL78xx over a satellite: ACK_TIMEOUT 20 s, six repetitions. */
const ntnHl78: Personality = {
  ...nrfNbiot,
  name: 'ntn-hl78',
  network: 'ntn',
  profile: 'ntn',
  stack: { ...profiles.ntn, maxRetransmit: 6 },
  radio: { kind: 'window', awake: seconds(93) },
  lifetimes: [[86_400, 1]],
  updateEvery: hours(12),
  reportEvery: [[hours(24), 1]],
}

export const personalities = {
  'zephyr-1.0': zephyr,
  'nrf-nbiot': nrfNbiot,
  'thread-sleepy': threadSleepy,
  'anjay-full': anjayFull,
  'anjay-lite': anjayLite,
  'wakaama-thread': wakaamaThread,
  bc66,
  'ntn-hl78': ntnHl78,
} as const satisfies Readonly<Record<string, Personality>>

export type PersonalityName = keyof typeof personalities

/** Shares of devices.md §6, spread over the clients each network is known to have. */
export const usualMix: readonly (readonly [PersonalityName, number])[] = [
  ['nrf-nbiot', 38],
  ['bc66', 7],
  ['zephyr-1.0', 18],
  ['anjay-lite', 12],
  ['thread-sleepy', 10],
  ['wakaama-thread', 5],
  ['anjay-full', 8],
  ['ntn-hl78', 2],
]
