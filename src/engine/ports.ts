/**
 * What the engine asks of the process around it. Every call is an effect: the driver carries it out and
 * comes back with `loaded`, `committed` or `commitFailed`, never from inside the call itself.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { BodySource } from '../coap/types.ts'
import type { CredentialQuery, HandshakeReport } from '../dtls/sink.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { PullWay } from '../fleet/images/types.ts'
import type { DeviceId, EndpointName } from '../fleet/registry/types.ts'
import type { DeviceKey, StoreOp } from '../fleet/store.ts'

/** Opaque to the driver: given back with `loaded`. */
export interface LoadTicket {
  readonly key: DeviceKey
}

/** What a stored association is found by. */
export type AssociationKey =
  | { readonly by: 'cid'; readonly cid: string }
  | { readonly by: 'address'; readonly address: string; readonly port: number }
  | { readonly by: 'endpoint'; readonly endpoint: EndpointName }

/** Opaque to the driver but for its key: given back with `recalled`. */
export interface RecallTicket {
  readonly key: AssociationKey
  readonly dtls: number
}

/** Opaque to the driver: given back with `committed` or `commitFailed`. */
export type CommitTicket = object

export interface RemoteEndpoint {
  readonly address: string
  readonly port: number
}

export interface EngineOutput {
  /** A datagram for `path`, through the listener it belongs to: octets `start` to `end` of `buffer`, valid during the call only. */
  send(path: number, buffer: Bytes, start: number, end: number): void
  /** Answered by `loaded`. */
  load(ticket: LoadTicket): void
  /** Answered by `committed` or `commitFailed`; many are one transaction. */
  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void
  /** Answered by `due` with the devices for which an instant has passed. */
  sweep(now: Instant): void
  /** What was just committed, for those who listen. */
  emit(event: FleetEvent): void
  addressOf(path: number): RemoteEndpoint | undefined
  /** The path of an address known from the store, through the plain listener or the secured one. */
  pathOf(remote: RemoteEndpoint, secured: boolean): number
  /** Answered by `credentials`: what the peer of a handshake has to prove. */
  lookup(ticket: number, query: CredentialQuery): void
  /** Answered by `recalled` with a stored association. */
  recall(ticket: RecallTicket): void
  /** A handshake has ended, well or not: for the log of handshakes. */
  handshake(now: Instant, report: HandshakeReport): void
  /** A firmware image as devices fetch it, by its short key. */
  image(key: string): BodySource | undefined
  /** What the device at `remote` reaches us under by scheme, without a trailing slash: `coap://192.0.2.1:5683`. */
  servers(remote: string | undefined): Readonly<Partial<Record<PullWay, string>>>
  /** The path of a link to an artifact over HTTP that this update alone may use. */
  downloadPath(key: string, update: FirmwareUpdate): string
}

/** Which of how many engines over one store this one is: each counts in steps of `count` from its own start. */
export interface Share {
  readonly index: number
  readonly count: number
}

/** What of it a secured listener needs. */
export type LinkOutput = Pick<
  EngineOutput,
  'send' | 'commit' | 'addressOf' | 'pathOf' | 'lookup' | 'recall' | 'handshake'
>

/** Where the counters stood when the last process stopped. */
export interface Sequences {
  readonly deviceId: DeviceId
  readonly operationId: number
  readonly eventId: number
  readonly updateId: number
  readonly associationId: number
}
