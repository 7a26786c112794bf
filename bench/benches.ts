/** The benchmarks by name: which loads, and which subjects beside each other under each of them. */
import type { Load } from './load.ts'
import {
  cBatchEcho,
  cEcho,
  coapstanDgram,
  coapstanNative,
  dgramEcho,
  dgramPortEcho,
  dtlsDgram,
  dtlsNative,
  inShards,
  inShardsForgetful,
  libcoap,
  nativeEcho,
  npmCoap,
  serverDgram,
  serverFilled,
  serverNative,
  type Subject,
} from './subjects.ts'

export interface BenchCase {
  readonly name: string
  readonly load: Load
  readonly subjects: readonly Subject[]
}

export interface Bench {
  readonly name: string
  readonly about: string
  readonly cases: readonly BenchCase[]
}

/** 128 requests on their way, from 32 peers at a time. */
const small: Pick<Load, 'window' | 'burst'> = { window: 32, burst: 4 }

const servers = [cEcho, dgramEcho, serverNative, serverDgram]

/** Durable, in the clear. */
const durableCases: readonly BenchCase[] = [
  { name: 'Register', load: { scenario: 'register', peers: 500_000, window: 1024, burst: 1 }, subjects: servers },
  { name: 'Update', load: { scenario: 'update', peers: 10_000, window: 1024, burst: 1 }, subjects: servers },
  { name: 'Notify', load: { scenario: 'notify', peers: 2000, window: 1024, burst: 1 }, subjects: servers },
]

const coapServers = [cEcho, cBatchEcho, dgramEcho, coapstanNative, coapstanDgram, npmCoap, libcoap]

const shards = [cEcho, ...inShards]

export const benches: readonly Bench[] = [
  {
    name: 'transport',
    about: 'echo through our transport ports and without them',
    cases: [1, 10_000].map((peers) => ({
      name: `echo, ${peers} ${peers === 1 ? 'peer' : 'peers'}`,
      load: { scenario: 'get', peers, ...small },
      subjects: [cEcho, cBatchEcho, dgramEcho, dgramPortEcho, nativeEcho],
    })),
  },
  {
    name: 'coap-get',
    about: 'CON GET of a small resource, 256 peers',
    cases: [{ name: 'CON GET, 256 peers', load: { scenario: 'get', peers: 256, ...small }, subjects: coapServers }],
  },
  {
    name: 'coap',
    about: 'CON and NON GET, POST, one peer and 10 000, a 1 MiB download by 1, 100 and 1 000 peers',
    cases: [
      { name: 'CON GET, 1 peer', load: { scenario: 'get', peers: 1, ...small }, subjects: coapServers },
      { name: 'CON GET, 10 000 peers', load: { scenario: 'get', peers: 10_000, ...small }, subjects: coapServers },
      {
        name: 'CON GET of a constant, 10 000 peers',
        load: { scenario: 'get', path: 'constant', peers: 10_000, ...small },
        subjects: [cEcho, dgramEcho, coapstanNative, coapstanDgram],
      },
      { name: 'NON GET, 256 peers', load: { scenario: 'non-get', peers: 256, ...small }, subjects: coapServers },
      { name: 'CON POST 40 B, 256 peers', load: { scenario: 'post', peers: 256, ...small }, subjects: coapServers },
      ...[1, 100, 1000].map((peers) => ({
        name: `1 MiB by Block2, ${peers} ${peers === 1 ? 'peer' : 'peers'}`,
        // Each peer has one block outstanding.
        load: { scenario: 'block2' as const, path: 'image', peers, window: peers, burst: 1 },
        subjects: [cEcho, dgramEcho, coapstanNative, coapstanDgram, npmCoap],
      })),
      {
        name: 'notifications received, 1 000 peers',
        load: { scenario: 'notify', peers: 1000, window: 128, burst: 1 },
        subjects: [cEcho, dgramEcho, coapstanNative, coapstanDgram],
      },
    ],
  },
  {
    name: 'register',
    about: 'durable: registrations of new devices, empty updates of 10 000, notifications of 2 000',
    cases: durableCases,
  },
  {
    name: 'lwm2m',
    about: 'register, update, notify, send, in the clear and over DTLS; queues drained; memory; start-up',
    cases: [
      ...durableCases,
      { name: 'Send', load: { scenario: 'send', peers: 10_000, window: 1024, burst: 1 }, subjects: servers },
      ...(['register', 'update', 'notify', 'send'] as const).map((scenario) => ({
        name: `${scenario} over DTLS`,
        load: { scenario, secured: true, peers: scenario === 'register' ? 10_000 : 2000, window: 1024, burst: 1 },
        subjects: servers,
      })),
      {
        name: 'operations drained, 100 devices awake at a time',
        load: { scenario: 'drain', peers: 2000, operations: 10, window: 100, burst: 1 },
        subjects: [cEcho, dgramEcho, serverFilled],
      },
    ],
  },
  {
    name: 'shards',
    about: 'the shipped server with one shard and with two, all its threads on one core: see the column per thread s',
    cases: [
      {
        name: 'CON GET, 256 peers',
        // All peers at a time: what waits for one shard must not starve the other.
        load: { scenario: 'get', path: '.well-known/core', peers: 256, window: 256, burst: 4 },
        subjects: shards,
      },
      {
        name: 'Register',
        load: { scenario: 'register', peers: 500_000, window: 1024, burst: 1 },
        subjects: shards,
      },
      {
        name: 'Update',
        load: { scenario: 'update', peers: 10_000, window: 1024, burst: 1 },
        subjects: shards,
      },
      {
        name: 'Notify',
        load: { scenario: 'notify', peers: 2000, window: 1024, burst: 1 },
        subjects: shards,
      },
      {
        name: 'Update, not in memory',
        load: { scenario: 'update', peers: 10_000, window: 1024, burst: 1 },
        subjects: [cEcho, ...inShardsForgetful],
      },
    ],
  },
  {
    name: 'dtls',
    about:
      'PSK_CCM_8: GET with and without a connection id, handshakes (ECDHE_ECDSA too), a good peer beside forged records',
    cases: [
      {
        name: 'DTLS GET with CID, 256 peers',
        load: { scenario: 'dtls-get', peers: 256, window: 128, burst: 4 },
        subjects: [cEcho, dgramEcho, dtlsNative, dtlsDgram],
      },
      {
        name: 'DTLS GET without CID, 256 peers',
        load: { scenario: 'dtls-get', cid: false, peers: 256, window: 128, burst: 4 },
        subjects: [cEcho, dgramEcho, dtlsNative, dtlsDgram],
      },
      {
        name: 'PSK handshakes',
        load: { scenario: 'dtls-handshake', peers: 10_000, window: 128, burst: 4 },
        subjects: [dtlsNative, dtlsDgram],
      },
      {
        name: 'ECDHE_ECDSA handshakes, raw public keys both ways',
        load: { scenario: 'dtls-ecdsa', peers: 10_000, window: 32, burst: 4 },
        subjects: [dtlsNative, dtlsDgram],
      },
      ...[0, 20_000, 100_000].map((rate) => ({
        name: `one good peer, ${rate} forged/s`,
        load: { scenario: 'dtls-flood' as const, rate, peers: 2, window: 2, burst: 1 },
        subjects: [dtlsNative, dtlsDgram],
      })),
    ],
  },
]
