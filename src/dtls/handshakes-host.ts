/** What the handshakes under way need of the endpoint around them. */
import type { Bytes } from '../base/bytes.ts'
import type { Deadlined, DeadlineQueue } from '../base/deadline-queue.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import type { Association } from './association.ts'
import type { CidKey } from './connection-id.ts'
import type { DtlsCrypto } from './crypto.ts'
import type { DtlsFaultName } from './faults.ts'
import type { FlightSender } from './handshake/flight.ts'
import type { Handshake } from './handshake/handshake.ts'
import type { DtlsOptions } from './options.ts'
import type { RecordLayer } from './record-layer.ts'
import type { DtlsSink } from './sink.ts'

export interface HandshakesHost {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly sink: DtlsSink
  readonly records: RecordLayer
  readonly flights: FlightSender
  readonly deadlines: DeadlineQueue<Deadlined>
  readonly log: Log
  isCidTaken(key: CidKey): boolean
  /** A record that waited for its keys comes in once more. */
  replay(now: Instant, path: number, record: Bytes): void
  /** The association takes over; `deferred` are records that came too early. */
  adopt(now: Instant, handshake: Handshake, association: Association, deferred: readonly Bytes[]): void
  fault(name: DtlsFaultName): void
}
