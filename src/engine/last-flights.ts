/**
 * The last flight of a handshake waits until its association is durable: a device must not know of one that a crash
 * could take away again. Knows neither records nor rows.
 */
import type { Bytes } from '../base/bytes.ts'
import type { AssociationNumber } from '../fleet/associations/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { LinkOutput } from './ports.ts'
import { Opening } from './secure-tickets.ts'

export class LastFlights {
  readonly #output: LinkOutput
  /** Paths of associations that are not durable yet. */
  readonly #opening = new Set<number>()
  /** Datagrams of the call under way, where a handshake may complete in it. */
  #held: { path: number; bytes: Bytes }[] = []
  #isHolding = false
  #opened: { row: AssociationNumber; path: number; ops: readonly StoreOp[] } | undefined

  constructor(output: LinkOutput) {
    this.#output = output
  }

  /** Whoever repeats itself from there has its answer on the way: it is not to be heard before. */
  isOpening(path: number): boolean {
    return this.#opening.has(path)
  }

  /** A call begins; only where a handshake is under way can one complete. */
  begin(isHandshaking: boolean): void {
    this.#isHolding = isHandshaking
  }

  send(path: number, buffer: Bytes, start: number, end: number): void {
    if (this.#isHolding) this.#held.push({ path, bytes: buffer.slice(start, end) })
    else this.#output.send(path, buffer, start, end)
  }

  /** An association came of it; `ops` make it durable. */
  opened(row: AssociationNumber, path: number, ops: readonly StoreOp[]): void {
    this.#opened = { row, path, ops }
  }

  /** The call ends: what was held back leaves now, or with the commit of the association it completes. */
  end(): void {
    this.#isHolding = false
    const held = this.#held
    const opened = this.#opened
    if (held.length > 0) this.#held = []
    if (opened === undefined) return this.#sendAll(held)
    this.#opened = undefined
    this.#opening.add(opened.path)
    this.#output.commit(new Opening(opened.row, opened.path, held), opened.ops)
  }

  durable({ path, datagrams }: Opening): void {
    this.#opening.delete(path)
    this.#sendAll(datagrams)
  }

  failed({ path }: Opening): void {
    this.#opening.delete(path)
  }

  #sendAll(datagrams: Opening['datagrams']): void {
    for (const { path, bytes } of datagrams) this.#output.send(path, bytes, 0, bytes.length)
  }
}
