/**
 * A whole endpoint under a rain of datagrams, random or mutated from real ones, from many peers, with
 * handlers that answer, dawdle and give up, and requests and observers of its own under way.
 */
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, never, type Instant } from '../../src/base/time.ts'
import { profiles } from '../../src/config/profiles.ts'
import { defaultSettings } from '../../src/config/tunables.ts'
import { CoapEndpoint } from '../../src/coap/endpoint.ts'
import type { BodySource, OutboundResponse, PeerStanding } from '../../src/coap/types.ts'
import { datagramOf, testBody } from './coap-notation.ts'

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

const image: BodySource = {
  size: 5000,
  etag: Uint8Array.of(1, 2, 3),
  read: (offset, length) => testBody.subarray(offset, Math.min(offset + length, 5000)),
}
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
  readonly #random: SeededRandom
  readonly #corpus = lines.map((line) => datagramOf(line))
  readonly #slab = new Uint8Array(2048)
  /** A few datagrams the endpoint sent: mutated, they reach what waits for answers. */
  readonly #echoes: Uint8Array[] = []
  readonly #open: number[] = []
  #now: Instant = instantOf(1_700_000_000_000)
  #sent = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
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
      },
      extendedTokens: seed % 3 === 0,
      sink: {
        send: (_now, _peer, buffer, start, end) => {
          if (this.#sent++ % 16 === 0) this.#echoes[(this.#sent >> 4) & 63] = buffer.slice(start, end)
        },
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
      const length = kind === 'random' ? this.#scatter() : this.#mutate()
      const peer = this.#dice(peers)
      this.endpoint.receive(this.#now, peer, this.#slab, 0, length, this.#dice(200) === 0)
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

  #dice(sides: number): number {
    return this.#random.uint32() % sides
  }

  #scatter(): number {
    const length = this.#dice(8) === 0 ? this.#dice(1200) : this.#dice(40)
    for (let i = 0; i < length; i += 4) {
      const word = this.#random.uint32()
      for (let k = 0; k < 4; k++) this.#slab[i + k] = word >> (8 * k)
    }
    // Three of four get past the version
    if (this.#dice(4) !== 0) this.#slab[0] = 0x40 | (this.#slab[0]! & 0x38)
    return length
  }

  #mutate(): number {
    const slab = this.#slab
    const echo = this.#dice(3) === 0 ? this.#echoes[this.#dice(64)] : undefined
    const base = echo ?? this.#corpus[this.#dice(this.#corpus.length)]!
    slab.set(base)
    let length = base.length
    // What we sent comes back as an answer to it
    if (echo !== undefined) {
      slab[0] = (slab[0]! & 0xcf) | (this.#dice(4) << 4)
      if (this.#dice(3) === 0) slab[1] = [0, 69, 68, 95, 141, 129, 132][this.#dice(7)]!
    } else if (this.#dice(4) !== 0) {
      slab[2] = this.#dice(256)
      slab[3] = this.#dice(256)
    }
    for (let mutations = this.#dice(4); mutations > 0 && length > 0; mutations--) {
      const at = this.#dice(length)
      switch (this.#dice(6)) {
        case 0:
          slab[at]! ^= 1 << this.#dice(8)
          break
        case 1:
          slab[at] = [0, 0x0f, 0xd0, 0xe0, 0xff, 0xdd, 0xee, 0x7f][this.#dice(8)]!
          break
        case 2:
          length = at
          break
        case 3:
          slab.copyWithin(at + 1, at, length)
          slab[at] = this.#dice(256)
          length++
          break
        case 4: {
          const other = this.#corpus[this.#dice(this.#corpus.length)]!
          const from = this.#dice(other.length)
          slab.set(other.subarray(from), at)
          length = at + other.length - from
          break
        }
        default:
          slab[at] = this.#dice(256)
      }
    }
    return Math.min(length, 1500)
  }

  #request(now: Instant, exchange: number, pathLength: number): void {
    const choice = this.#dice(8)
    if (choice < 5) this.endpoint.respond(now, exchange, answers[(pathLength + choice) % answers.length]!)
    else if (choice === 5) this.endpoint.dismiss(now, exchange)
    else if (choice === 6) this.endpoint.challenge(now, exchange)
    else this.#open[this.#dice(64)] = exchange
  }

  #notification(now: Instant, exchange: number, more: boolean): void {
    const choice = this.#dice(5)
    if (more && choice < 3) this.endpoint.fetchRest(now, exchange, { code: 1, path: ['obs'] })
    else if (choice < 2) this.endpoint.acknowledge(now, exchange)
    else if (choice === 2) this.endpoint.reject(now, exchange)
    else if (choice === 3) this.endpoint.dismiss(now, exchange)
  }

  /** What an engine does meanwhile: time passes, requests go out, observers are told, late answers come. */
  #live(): void {
    this.#now = instantOf(this.#now + this.#dice(2000))
    this.endpoint.expire(this.#now)
    const peer = this.#dice(peers)
    const payload = this.#dice(2) === 0 ? {} : { payload: testBody.subarray(0, this.#dice(900)) }
    const notAfter = this.#dice(4) === 0 ? { notAfter: instantOf(this.#now + this.#dice(20_000)) } : {}
    const confirmable = this.#dice(3) !== 0
    if (this.endpoint.sizes()['requests']! < 500) {
      this.endpoint.request(this.#now, peer, {
        code: 1 + this.#dice(7),
        path: ['x'],
        confirmable,
        ...payload,
        ...notAfter,
      })
    }
    const open = this.#open[this.#dice(64)]
    if (open !== undefined) this.endpoint.respond(this.#now, open, answers[this.#dice(answers.length)]!)
    const token = Uint8Array.of([1, 6, 8][this.#dice(3)]!)
    this.endpoint.notify(this.#now, peer, token, answers[this.#dice(4)]!, { confirmable })
    if (this.#dice(50) === 0) this.endpoint.forget(this.#now, peer)
    if (this.#dice(50) === 0) this.endpoint.doubtAddress(this.#now, peer)
  }
}
