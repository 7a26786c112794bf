/**
 * The datagram port: what `udp-dgram` and `udp-native` both are to the rest of the server.
 * Peers' addresses become numbers here ("paths"), interned in a table with a named limit; everybody
 * else speaks of the number. Reads come in bursts: any number of `receive`, then one `turn`.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'

/** A remote address and port as seen through one socket; never reused for another one. */
export type PathNumber = number

export interface RemoteAddress {
  /** Textual IPv4 or IPv6 address; an IPv4-mapped one is given as IPv4. */
  readonly address: string
  readonly port: number
}

export interface TransportHandler {
  /** One datagram: octets `start` to `end` of `buffer`, valid during the call only. */
  receive(now: Instant, path: PathNumber, buffer: Bytes, start: number, end: number): void
  /** The burst is over: the moment to commit and to flush. */
  turn(now: Instant): void
  /** The table was full and let `path` go; state kept under it is dead. */
  pathForgotten(now: Instant, path: PathNumber): void
  /** ICMP said that nobody is there. */
  unreachable(now: Instant, path: PathNumber): void
}

export interface Transport {
  /** 'dgram' or 'native', for the start-up line and `coapstan doctor`. */
  readonly kind: 'dgram' | 'native'
  readonly local: RemoteAddress
  /** Takes a copy of octets `start` to `end`; they leave at the latest at `flush`. Never throws because of a peer. */
  send(path: PathNumber, buffer: Bytes, start: number, end: number): void
  flush(): void
  /** The number of an address, for a peer known from the store before it has spoken. */
  pathOf(remote: RemoteAddress): PathNumber
  addressOf(path: PathNumber): RemoteAddress | undefined
  close(): Promise<void>
}

export interface TransportOptions {
  readonly host: string
  readonly port: number
  /** Paths kept; the one used longest ago is forgotten first. */
  readonly pathLimit: number
  /** Bytes waiting in our own send queue before datagrams are dropped (and counted). */
  readonly sendQueueLimit: number
  /** SO_RCVBUF asked for, bytes. */
  readonly receiveBuffer: number
  readonly now: () => Instant
  readonly handler: TransportHandler
}
