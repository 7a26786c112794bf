/**
 * A whole endpoint under a rain of datagrams, random or mutated from real ones, from many peers, with
 * handlers that answer, dawdle and give up, and requests and observers of its own under way.
 */
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, never, type Instant } from '../../src/base/time.ts'
import { profiles } from '../../src/config/profiles.ts'
import { defaultSettings } from '../../src/config/tunables.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import type { OutboundResponse, PeerStanding } from '../../src/coap/types.ts'
import { bodySource } from './body-source.ts'
import { datagramOf, testBody } from './coap-notation.ts'
import { DatagramMutator } from './datagram-mutator.ts'

const lines = [
  'CON 1 GET [01] /test',
  'CON 2 POST [02] /rd ?ep=device&lt=300&lwm2m=1.1&b=U Content-Format=40 "</1/0>,</3/0>,</5/0>"',
  'CON 3 PUT [0304] /a/b/c Content-Format=11542 If-Match=0x01 {0..90}',
  'NON 4 DELETE [0102030405060708] /rd/5',
  'CON 5 FETCH [05] /f Content-Format=112 Accept=112 <8101>',
  'CON 6 GET [06] /obs Observe=0',
  'CON 7 GET [06] /obs Observe=1',
  'CON 8 GET [08] /firmware Block2=3/0/64 Size2=0',
  'CON 9 POST [09] /up Block1=0/1/64 Size1=640 {0..64}',
  'CON 10 POST [0a] /up Block1=1/1/64 {64..128}',
  'CON 11 POST [0b] /up Block1=2/0/64 Block2=0/0/16 {128..150}',
  'CON 12 EMPTY',
  'ACK 13 EMPTY',
  'RST 14 EMPTY',
  'ACK 15 2.05 [0102030405060708] Content-Format=0 "hello"',
  'CON 16 2.05 [aa] Observe=17 Content-Format=11542 Block2=0/1/64 {0..64}',
  'NON 17 2.05 [aa] Observe=18 Max-Age=60 ETag=0x01 "x"',
  'ACK 18 2.31 [0102030405060708] Block1=0/1/64',
  'ACK 19 4.13 [0102030405060708] Block1=0/0/16 Size1=1000',
  'ACK 20 4.01 [0102030405060708] Echo=0x0102030405060708',
  'CON 21 GET Proxy-Uri=coap://a/ Hop-Limit=1 Uri-Host=h Uri-Port=1',
  'CON 22 POST [22] No-Response=26 Request-Tag=0x01 Echo=0x0102',
]

const image = bodySource(testBody.subarray(0, 5000))
const answers: readonly OutboundResponse[] = [
  { code: 69, payload: testBody.slice(0, 10), contentFormat: 0 },
  { code: 68 },
  { code: 69, body: image },
  { code: 69, payload: testBody.slice(0, 3000), observe: 5 },
  { code: 132, payload: testBody.slice(0, 200) },
]

/** Peers that send; each third is of another standing. */
const peers = 60
const standings: readonly PeerStanding[] = ['secured', 'reachable', 'unverified']

export class CoapFuzz {
  readonly endpoint: CoapEndpoint
  readonly #mutator: DatagramMutator
  readonly #open: number[] = []
  #now: Instant = instantOf(1_700_000_000_000)

  constructor(seed: number) {
    this.#mutator = new DatagramMutator(
      seed,
      lines.map((line) => datagramOf(line)),
    )
    this.endpoint = new CoapEndpoint({
      random: new SeededRandom(seed + 1),
      settings: {
        ...defaultSettings,
        'coap.peers': 100,
        'coap.dedup.total': 5000,
        'coap.dedup.spent-per-peer': 256,
        'coap.bodies-total': 1_048_576,
        'coap.observers.total': 200,
        'coap.rto-estimator': seed % 2 === 0 ? 'cocoa' : 'off',
        'coap.extended-tokens': seed % 3 === 0 ? 'on' : 'off',
      },
      sink: {
        send: (_now, _peer, buffer, start, end) => this.#mutator.overhear(buffer, start, end),
        request: (now, request) => this.#request(now, request.exchange, request.path.length + request.query.length),
        notification: (now, { exchange, more }) => this.#notification(now, exchange, more),
        outcome: (_now, _id, outcome) => {
          if (outcome.outcome === 'response') outcome.response.options.texts(8)
        },
        profileOf: (peer) => (peer % 2 === 0 ? profiles.ip : profiles['thread-sleepy']),
        standingOf: (peer) => standings[peer % 3]!,
      },
    })
  }

  /** So many datagrams, random octets or mutations of real ones. */
  rain(count: number, kind: 'random' | 'mutated'): void {
    for (let i = 0; i < count; i++) {
      const length = this.#mutator.make(kind)
      const peer = this.#mutator.dice(peers)
      this.endpoint.receive(this.#now, peer, this.#mutator.slab, 0, length, this.#mutator.dice(200) === 0)
      if ((i & 63) === 0) this.#live()
    }
  }

  /** Until every lifetime is over. */
  dryUp(): void {
    for (let due = this.endpoint.nextDeadline(); due !== never; due = this.endpoint.nextDeadline()) {
      this.#now = instantOf(Math.max(due, this.#now))
      this.endpoint.expire(this.#now)
    }
  }

  #request(now: Instant, exchange: number, pathLength: number): void {
    const choice = this.#mutator.dice(8)
    if (choice < 5) this.endpoint.respond(now, exchange, answers[(pathLength + choice) % answers.length]!)
    else if (choice === 5) this.endpoint.dismiss(now, exchange)
    else if (choice === 6) this.endpoint.challenge(now, exchange)
    else this.#open[this.#mutator.dice(64)] = exchange
  }

  #notification(now: Instant, exchange: number, more: boolean): void {
    const choice = this.#mutator.dice(5)
    if (more && choice < 3) this.endpoint.fetchRest(now, exchange, { code: 1, path: ['obs'] })
    else if (choice < 2) this.endpoint.acknowledge(now, exchange)
    else if (choice === 2) this.endpoint.reject(now, exchange)
    else if (choice === 3) this.endpoint.dismiss(now, exchange)
  }

  /** What an engine does meanwhile: time passes, requests go out, observers are told, late answers come. */
  #live(): void {
    this.#now = instantOf(this.#now + this.#mutator.dice(2000))
    this.endpoint.expire(this.#now)
    const peer = this.#mutator.dice(peers)
    const payload = this.#mutator.dice(2) === 0 ? {} : { payload: testBody.subarray(0, this.#mutator.dice(900)) }
    const notAfter = this.#mutator.dice(4) === 0 ? { notAfter: instantOf(this.#now + this.#mutator.dice(20_000)) } : {}
    const confirmable = this.#mutator.dice(3) !== 0
    if (this.endpoint.sizes()['requests']! < 500) {
      this.endpoint.request(this.#now, peer, {
        code: 1 + this.#mutator.dice(7),
        path: ['x'],
        confirmable,
        ...payload,
        ...notAfter,
      })
    }
    const open = this.#open[this.#mutator.dice(64)]
    if (open !== undefined) this.endpoint.respond(this.#now, open, answers[this.#mutator.dice(answers.length)]!)
    const token = Uint8Array.of([1, 6, 8][this.#mutator.dice(3)]!)
    this.endpoint.notify(this.#now, peer, token, answers[this.#mutator.dice(4)]!, { confirmable })
    if (this.#mutator.dice(50) === 0) this.endpoint.forget(this.#now, peer)
    if (this.#mutator.dice(50) === 0) this.endpoint.doubtAddress(this.#now, peer)
  }
}
