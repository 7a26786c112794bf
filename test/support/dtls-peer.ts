/**
 * A DTLS endpoint with a sink that writes everything down, and a wire between two of them in virtual
 * time. Every datagram is handed over in a buffer that is scribbled over after the call.
 */
import { bytesOfHex, copyOf, hexOf, utf8, type Bytes } from '../../src/base/bytes.ts'
import { SeededRandom, type Random } from '../../src/base/random.ts'
import { instantOf, milliseconds, after, type Duration, type Instant } from '../../src/base/time.ts'
import { profiles, type Profile } from '../../src/config/profiles.ts'
import type { AssociationId } from '../../src/dtls/association.ts'
import type { DtlsCrypto } from '../../src/dtls/crypto.ts'
import { DtlsEndpoint } from '../../src/dtls/endpoint.ts'
import type { ClientTerms } from '../../src/dtls/handshake/client-offer.ts'
import { defaultDtlsOptions, type DtlsOptions } from '../../src/dtls/options.ts'
import type {
  CloseReason,
  CredentialAnswer,
  CredentialQuery,
  DtlsSink,
  HandshakeReport,
  OpenedAssociation,
  RecallQuery,
  Ticket,
} from '../../src/dtls/sink.ts'
import { defaultSuites, suiteOf, type CipherSuite } from '../../src/dtls/suites.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import type { Metrics } from '../../src/base/metrics.ts'

export const identity = utf8('urn:imei:350000000000001')
export const key: Bytes = bytesOfHex('000102030405060708090a0b0c0d0e0f')!
export const storeKey: Bytes = new Uint8Array(32).fill(7)
export const start: Instant = instantOf(Date.UTC(2026, 10, 21))

export interface Datagram {
  readonly path: number
  readonly bytes: Bytes
}

export interface PeerOptions {
  readonly options?: Partial<DtlsOptions>
  readonly random?: Random
  readonly crypto?: DtlsCrypto
  readonly profile?: Profile
  /** Answers at once unless it returns undefined. */
  readonly lookup?: (query: CredentialQuery) => CredentialAnswer | undefined
  readonly addressOf?: (path: number) => Bytes
}

/** One address each: 10.x.y.z, port 5684. */
export function addressOfPath(path: number): Bytes {
  return new Uint8Array([10, (path >>> 16) & 0xff, (path >>> 8) & 0xff, path & 0xff, 0x16, 0x34])
}

export class DtlsPeer implements DtlsSink {
  readonly endpoint: DtlsEndpoint
  readonly options: DtlsOptions
  readonly sent: Datagram[] = []
  readonly opens: OpenedAssociation[] = []
  readonly received: { readonly id: AssociationId; readonly bytes: Bytes }[] = []
  readonly closes: { readonly id: AssociationId; readonly reason: CloseReason }[] = []
  readonly moves: { readonly id: AssociationId; readonly from: number; readonly to: number }[] = []
  /** Of handshakes that are over. */
  readonly reports: HandshakeReport[] = []
  /** Of those that look bad. */
  readonly doubts: HandshakeReport[] = []
  readonly lookups: { readonly ticket: Ticket; readonly query: CredentialQuery }[] = []
  readonly recalls: { readonly ticket: Ticket; readonly query: RecallQuery }[] = []
  readonly evictions: {
    readonly id: AssociationId
    readonly ownCid: Bytes
    readonly path: number
    readonly sealed: Bytes
  }[] = []
  readonly reservations: { readonly id: AssociationId; readonly upTo: number }[] = []
  readonly reachables: AssociationId[] = []
  readonly faults = new Map<string, number>()
  /** Whether reservations are confirmed at once. */
  confirmsReservations = true
  readonly #parts: PeerOptions
  readonly #slab = new Uint8Array(65_536)

  constructor(parts: PeerOptions = {}) {
    this.#parts = parts
    this.options = { ...defaultDtlsOptions, ...parts.options }
    this.endpoint = new DtlsEndpoint({
      options: this.options,
      crypto: parts.crypto ?? nodeCrypto(),
      random: parts.random ?? new SeededRandom(1),
      sink: this,
      metrics: countingMetrics(this.faults),
    })
  }

  /** Hands a datagram in, in memory that means nothing afterwards. */
  receive(now: Instant, path: number, bytes: Bytes): void {
    const at = 7
    this.#slab.set(bytes, at)
    this.endpoint.receive(now, path, this.#slab, at, at + bytes.length)
    this.#slab.fill(0xa5, 0, at + bytes.length + 8)
  }

  /** Takes what was sent since the last call. */
  take(): readonly Datagram[] {
    return this.sent.splice(0)
  }

  sendText(now: Instant, id: AssociationId, text: string): boolean {
    const bytes = utf8(text)
    return this.endpoint.send(now, id, bytes, 0, bytes.length)
  }

  get texts(): readonly string[] {
    return this.received.map(({ bytes }) => new TextDecoder().decode(bytes))
  }

  get lastOpened(): OpenedAssociation {
    const opened = this.opens.at(-1)
    if (opened === undefined) throw new Error('no association was opened')
    return opened
  }

  send(_now: Instant, path: number, buffer: Bytes, from: number, end: number): void {
    this.sent.push({ path, bytes: buffer.slice(from, end) })
  }

  lookup(now: Instant, ticket: Ticket, query: CredentialQuery): void {
    this.lookups.push({ ticket, query })
    const answer = this.#parts.lookup === undefined ? knownAnswer(query) : this.#parts.lookup(query)
    if (answer !== undefined) this.endpoint.credentials(now, ticket, answer)
  }

  recall(_now: Instant, ticket: Ticket, query: RecallQuery): void {
    this.recalls.push({ ticket, query })
  }

  opened(_now: Instant, association: OpenedAssociation): void {
    this.opens.push(association)
  }

  data(_now: Instant, id: AssociationId, buffer: Bytes, from: number, end: number): void {
    this.received.push({ id, bytes: copyOf(buffer.subarray(from, end)) })
  }

  moved(_now: Instant, id: AssociationId, from: number, to: number): void {
    this.moves.push({ id, from, to })
  }

  reachable(_now: Instant, id: AssociationId): void {
    this.reachables.push(id)
  }

  closed(_now: Instant, id: AssociationId, reason: CloseReason): void {
    this.closes.push({ id, reason })
  }

  evicted(_now: Instant, id: AssociationId, ownCid: Bytes, path: number, sealed: Bytes): void {
    this.evictions.push({ id, ownCid, path, sealed })
  }

  reserve(now: Instant, id: AssociationId, upTo: number): void {
    this.reservations.push({ id, upTo })
    if (this.confirmsReservations) this.endpoint.reserved(now, id, upTo)
  }

  handshake(_now: Instant, report: HandshakeReport): void {
    if (report.outcome === 'failing') this.doubts.push(report)
    else this.reports.push(report)
  }

  profileOf(): Profile {
    return this.#parts.profile ?? profiles.ip
  }

  addressOf(path: number): Bytes {
    return (this.#parts.addressOf ?? addressOfPath)(path)
  }
}

/** What a store that knows the test's one identity says. */
export function knownAnswer(query: CredentialQuery): CredentialAnswer {
  if (query.kind !== 'psk') return { kind: 'trusted' }
  return hexOf(query.identity) === hexOf(identity) ? { kind: 'key', key } : { kind: 'unknown' }
}

function countingMetrics(faults: Map<string, number>): Metrics {
  return {
    counter: (_name, _help, labels) => ({
      add: (count = 1) => {
        const fault = labels?.['fault'] ?? ''
        faults.set(fault, (faults.get(fault) ?? 0) + count)
      },
    }),
    gauge: () => ({ set: () => undefined }),
  }
}

/** Client terms for the test's one identity. */
export function pskTerms(terms: Partial<ClientTerms> & { readonly suite?: number } = {}): ClientTerms {
  const { suite, ...rest } = terms
  const suites: readonly CipherSuite[] =
    suite === undefined ? defaultSuites.filter(({ keyExchange }) => keyExchange === 'psk') : [suiteOf(suite)!]
  return { preSharedKey: { identity, key }, suites, cidDialect: 54, ...rest }
}

/** A client that wants no CID on records to it, as radio devices do. */
export const clientOptions: Partial<DtlsOptions> = { connectionIdLength: 0, sequenceReservation: 0 }

/** What happens to a datagram on its way: nothing, or these instead. */
export type Meddle = (datagram: Datagram, direction: 'up' | 'down') => readonly Datagram[]

/** Client and server with a wire between them; time goes on only where `run` is told so. */
export class DtlsPair {
  readonly client: DtlsPeer
  readonly server: DtlsPeer
  now: Instant = start
  /** Where the client's datagrams appear to come from. */
  clientPath = 1
  meddle: Meddle = (datagram) => [datagram]
  /** Every datagram that left one of the two. */
  readonly log: { readonly direction: 'up' | 'down'; readonly bytes: Bytes }[] = []

  constructor(server: PeerOptions = {}, client: PeerOptions = {}) {
    this.server = new DtlsPeer({ random: new SeededRandom(11), ...server })
    this.client = new DtlsPeer({
      random: new SeededRandom(22),
      ...client,
      options: { ...clientOptions, ...client.options },
    })
  }

  connect(terms: ClientTerms = pskTerms(), resume = false): this {
    this.client.endpoint.connect(this.now, 0, terms, resume)
    return this.settle()
  }

  /** Carries datagrams until nobody has more to say. */
  settle(): this {
    for (let rounds = 0; rounds < 1000; rounds++) {
      const up = this.client.take()
      const down = this.server.take()
      if (up.length === 0 && down.length === 0) return this
      for (const datagram of up) this.#carry({ ...datagram, path: this.clientPath }, 'up')
      for (const datagram of down) this.#carry(datagram, 'down')
    }
    throw new Error('the two never stop talking')
  }

  /** Lets `duration` pass, timers and all. */
  run(duration: Duration): this {
    const end = after(this.now, duration)
    for (;;) {
      const next = Math.min(this.client.endpoint.nextDeadline(), this.server.endpoint.nextDeadline())
      if (next > end) break
      this.now = instantOf(next)
      this.client.endpoint.expire(this.now)
      this.server.endpoint.expire(this.now)
      this.settle()
    }
    this.now = end
    return this
  }

  tick(count: number): this {
    this.now = after(this.now, milliseconds(count))
    return this
  }

  #carry(datagram: Datagram, direction: 'up' | 'down'): void {
    this.log.push({ direction, bytes: datagram.bytes })
    for (const { path, bytes } of this.meddle(datagram, direction)) {
      if (direction === 'up') this.server.receive(this.now, path, bytes)
      else if (path === this.clientPath) this.client.receive(this.now, 0, bytes)
    }
  }
}
