/**
 * The books of a simulated world on DTLS: whose association is open, by what it is found again, and what a
 * restart of the server may not do to it. Compares what devices see with what the server asks its store for.
 */
import type { Log } from '../base/log.ts'
import { hexOf } from '../base/bytes.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Peer } from '../coap/types.ts'
import type { CloseReason, OpenedAssociation } from '../dtls/sink.ts'
import type { AssociationKey } from '../engine/ports.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import { isOfAssociations } from '../fleet/associations/store.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { VirtualDevice } from './devices/device.ts'
import type { AssociationWitness } from './devices/secured-stack.ts'
import type { Remote } from './link.ts'
import { MemoryAssociations } from './memory-associations.ts'

export interface AssociationCounts {
  /** Handshakes completed, as devices see it. */
  handshakes: number
  failedHandshakes: number
  /** Associations brought back because a record named them, or came from their address. */
  recalledByCid: number
  recalledByAddress: number
  /** Brought back by the server to speak first. */
  recalledByEndpoint: number
  /** Records from an address nobody is known at: a device without a connection id that was moved. */
  strayed: number
  /** Associations without a connection id that were given up after a move, or after bad luck only. */
  givenUpMoved: number
  givenUpUnmoved: number
}

export interface AssociationBooksOptions {
  readonly deviceOf: (index: number) => VirtualDevice
  readonly violate: (text: string, device?: VirtualDevice) => void
}

/** The association a device last opened. */
interface Opened {
  readonly device: VirtualDevice
  readonly life: Peer
  /** What it writes on its records, hex; empty for none. */
  readonly cid: string
  /** Where it was opened from. */
  readonly address: string
}

export class AssociationBooks implements AssociationWitness {
  readonly counts: AssociationCounts = {
    handshakes: 0,
    failedHandshakes: 0,
    recalledByCid: 0,
    recalledByAddress: 0,
    recalledByEndpoint: 0,
    strayed: 0,
    givenUpMoved: 0,
    givenUpUnmoved: 0,
  }
  /** What the server found wrong with records, by fault. */
  readonly faults = new Map<string, number>()
  /** What the store must have. */
  readonly stored = new MemoryAssociations()
  readonly log: Log
  readonly metrics: Metrics
  readonly #options: AssociationBooksOptions
  readonly #opened = new Map<number, Opened>()
  /** The newest of each connection id, and of each address for devices without one. */
  readonly #byName = new Map<string, Opened>()

  constructor(options: AssociationBooksOptions) {
    this.#options = options
    this.log = {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields, message) => this.#heard(fields['fault'], message),
      error: (fields, message) => this.#heard(fields['fault'], message),
    }
    this.metrics = {
      counter: (_name, _help, labels) => ({
        add: (count = 1) => {
          const fault = labels?.['fault']
          if (fault !== undefined) this.faults.set(fault, (this.faults.get(fault) ?? 0) + count)
        },
      }),
      gauge: () => ({ set: () => undefined }),
    }
  }

  // ——— what was committed ———

  committed(ops: readonly StoreOp[]): void {
    for (const op of ops) if (isOfAssociations(op)) this.stored.apply(op)
  }

  // ——— what devices saw ———

  opened(index: number, life: Peer, { peerCid }: OpenedAssociation): void {
    this.counts.handshakes++
    const device = this.#options.deviceOf(index)
    const before = this.#opened.get(index)
    const cid = hexOf(peerCid)
    if (before?.life === life && before.cid !== '') {
      this.#options.violate('made a handshake again, with a connection id and its power on', device)
    }
    if (before !== undefined) this.#forget(before)
    const opened = { device, life, cid, address: this.#addressBoth(device) }
    this.#opened.set(index, opened)
    this.#byName.set(nameOf(opened), opened)
  }

  ended(index: number, reason: CloseReason): void {
    this.#options.violate(`was told that its association is over (${reason})`, this.#options.deviceOf(index))
  }

  givenUp(index: number): void {
    const opened = this.#opened.get(index)
    if (opened === undefined) return
    if (opened.address === addressOf(opened.device.link.remote)) this.counts.givenUpUnmoved++
    else this.counts.givenUpMoved++
  }

  handshakeFailed(): void {
    this.counts.failedHandshakes++
  }

  // ——— what the server asked its store ———

  recalled(key: AssociationKey, stored: StoredAssociation | undefined): void {
    if (stored === undefined) return this.#notFound(key)
    if (key.by === 'cid') this.counts.recalledByCid++
    else if (key.by === 'address') this.counts.recalledByAddress++
    else this.counts.recalledByEndpoint++
  }

  #notFound(key: AssociationKey): void {
    if (key.by === 'endpoint') return
    const opened = this.#byName.get(key.by === 'cid' ? key.cid : addressOf(key))
    // Of a device that has lost its power since only what was still under way comes with the old association.
    const isHeld = opened !== undefined && opened.device.life?.peer === opened.life
    if (isHeld) this.#options.violate(`its association is lost (asked for by ${key.by})`, opened.device)
    else if (key.by === 'address') this.counts.strayed++
  }

  /** Where the server knows the device and the device is; nowhere, where it moved in the middle of the handshake. */
  #addressBoth({ endpoint, link }: VirtualDevice): string {
    const stored = this.stored.byEndpoint(endpoint)
    const address = addressOf(link.remote)
    return stored !== undefined && addressOf(stored) === address ? address : 'nowhere'
  }

  #forget(opened: Opened): void {
    if (this.#byName.get(nameOf(opened)) === opened) this.#byName.delete(nameOf(opened))
  }

  #heard(fault: unknown, message: string): void {
    if (fault !== undefined) this.#options.violate(`${message}: ${JSON.stringify(fault)}`)
  }
}

const addressOf = ({ address, port }: Remote): string => `${address}:${port}`

const nameOf = ({ cid, address }: Opened): string => (cid === '' ? address : cid)
