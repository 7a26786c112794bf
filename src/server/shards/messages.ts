/**
 * What a shard (a worker thread: sockets and an engine) and the house (the main thread: store, HTTP,
 * credentials) tell each other. Everything here survives a structured clone. A turn's worth is one message.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Settings } from '../../config/tunables.ts'
import type { CredentialAnswer, CredentialQuery, HandshakeReport } from '../../dtls/sink.ts'
import type { Principal } from '../../dtls/principal.ts'
import type { AssociationKey, RemoteEndpoint, Sequences, Share } from '../../engine/ports.ts'
import type { StoredAssociation } from '../../fleet/associations/types.ts'
import type { Command } from '../../fleet/commands.ts'
import type { ObservationRule } from '../../fleet/observation-rules/types.ts'
import type { DeviceId, EndpointName } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import type { TracedDatagram } from '../../api/services.ts'
import type { SentRows } from '../../storage/sqlite/rows.ts'
import type { Listening } from '../device-side.ts'
import type { SentError } from './sent-error.ts'
import type { ShardNumber } from './leases.ts'

/** A certificate's principal is enough for a lookup; its methods would not survive the way. */
export type SentQuery = { readonly serverName: string | undefined } & (
  | { readonly kind: 'psk'; readonly identity: Bytes }
  | { readonly kind: 'raw-public-key'; readonly publicKey: Bytes }
  | { readonly kind: 'certificate'; readonly principal: Principal }
)

/** A datagram that arrived at a shard that does not have its sender. */
export interface Stray {
  readonly to: ShardNumber
  readonly secured: boolean
  readonly remote: RemoteEndpoint
  readonly bytes: Bytes
}

/** What happens all the time goes as rows. `claims`: the device of which an association is among the ops. */
export type SentCommit = { readonly no: number } & (
  SentRows | { readonly ops: readonly StoreOp[]; readonly claims?: EndpointName }
)

/** What a shard did in a turn. Numbers name questions; they come back with the answer. */
export interface ShardTurn {
  readonly kind: 'turn'
  /** Devices it wants to read and to write from then on. */
  readonly claims: { readonly no: number; readonly endpoint: EndpointName }[]
  readonly commits: SentCommit[]
  readonly lookups: { readonly ticket: number; readonly query: SentQuery }[]
  readonly recalls: { readonly no: number; readonly key: AssociationKey }[]
  readonly handshakes: { readonly report: HandshakeReport; readonly remote: RemoteEndpoint | undefined }[]
  readonly released: EndpointName[]
  readonly strays: Stray[]
  readonly replies: { readonly no: number; readonly result?: unknown; readonly error?: SentError }[]
  readonly traced: { readonly no: number; readonly datagram: TracedDatagram }[]
}

export type FromShard =
  | ShardTurn
  | ({ readonly kind: 'listening' } & Listening)
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>>; readonly metrics: readonly object[] }
  | { readonly kind: 'trace'; readonly no: number; readonly datagrams: readonly TracedDatagram[] }
  | { readonly kind: 'stopped' }

/** What the house has for a shard at the end of its own turn. */
export interface HouseTurn {
  readonly kind: 'turn'
  /** Turns of the shard that the house has gone through since it last said so. */
  taken: number
  /** Claims; `isMoved` where another shard had the device until now. */
  readonly granted: { readonly no: number; readonly isMoved: boolean }[]
  readonly committed: number[]
  readonly failed: { readonly no: number; readonly error: SentError }[]
  readonly credentials: {
    readonly ticket: number
    readonly answer: CredentialAnswer
  }[]
  readonly recalled: { readonly no: number; readonly stored: StoredAssociation | undefined }[]
  readonly due: DeviceId[]
  /** Devices whose operations another shard, or the last process, had under way. */
  readonly recover: DeviceId[]
  readonly release: EndpointName[]
  readonly strays: Omit<Stray, 'to'>[]
  readonly commands: { readonly no: number; readonly command: Command }[]
}

export type ToShard =
  | HouseTurn
  /** All sockets are open: from now on the kernel gives a peer's datagrams to the same one. */
  | { readonly kind: 'serve' }
  | { readonly kind: 'revoke'; readonly principal: Principal }
  | { readonly kind: 'rules'; readonly rules: readonly ObservationRule[] }
  /** The files of object definitions are others now. */
  | { readonly kind: 'objects' }
  | { readonly kind: 'forget-image'; readonly key: string }
  | { readonly kind: 'trace'; readonly no: number; readonly endpoint: EndpointName }
  | { readonly kind: 'follow'; readonly no: number; readonly endpoint: EndpointName }
  | { readonly kind: 'unfollow'; readonly no: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' }

/** What a shard is started with. */
export interface ShardStart {
  readonly settings: Settings
  readonly share: Share
  readonly sequences: Sequences
  readonly storeKey: Bytes
  /** The file, which it reads for itself. */
  readonly database: string
  readonly images: string
  /** Where firmware is served over HTTP, '' where it is not. */
  readonly downloads: string
  readonly rules: readonly ObservationRule[]
  /** Of `SpokenTo`. */
  readonly spokenTo: SharedArrayBuffer
}

export const emptyShardTurn = (): ShardTurn => ({
  kind: 'turn',
  claims: [],
  commits: [],
  lookups: [],
  recalls: [],
  handshakes: [],
  released: [],
  strays: [],
  replies: [],
  traced: [],
})

export const emptyHouseTurn = (): HouseTurn => ({
  kind: 'turn',
  taken: 0,
  granted: [],
  committed: [],
  failed: [],
  credentials: [],
  recalled: [],
  due: [],
  recover: [],
  release: [],
  strays: [],
  commands: [],
})

/** Whether a turn has anything to tell. */
export function isEmpty(turn: ShardTurn | HouseTurn): boolean {
  return Object.values(turn).every((list: unknown) =>
    Array.isArray(list) ? list.length === 0 : list === turn.kind || list === 0,
  )
}

export function sentQuery(query: CredentialQuery): SentQuery {
  const { serverName } = query
  switch (query.kind) {
    case 'psk':
      return { kind: 'psk', identity: query.identity.slice(), serverName }
    case 'raw-public-key':
      return { kind: 'raw-public-key', publicKey: query.publicKey.slice(), serverName }
    case 'certificate':
      return { kind: 'certificate', principal: query.principal, serverName }
  }
}
