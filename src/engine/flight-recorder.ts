/**
 * Flight recorder: the last datagrams of each device, as plain CoAP, for whoever wants to know later what was
 * said. On a datagram's way it copies a head into a slot and no more; it is decoded when somebody looks. Reads no
 * clock; below DTLS, so no key of an association ever comes here.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { Peer } from '../coap/types.ts'
import { DatagramSlots } from './datagram-slots.ts'
import { traceOf, type TracedDatagram } from './trace.ts'
import { TraceTracks } from './trace-tracks.ts'

export type TraceListener = (datagram: TracedDatagram) => void

export class FlightRecorder {
  readonly #slots: DatagramSlots
  readonly #tracks: TraceTracks
  readonly #isOn: boolean
  readonly #endpointOf: (peer: Peer) => string | undefined
  readonly #followers = new Map<string, Set<TraceListener>>()
  #stamp = 0

  /** `endpointOf`: the device behind a peer, where that is known. */
  constructor(settings: Settings, endpointOf: (peer: Peer) => string | undefined) {
    this.#slots = new DatagramSlots(settings['trace.copied-octets'], settings['trace.memory'])
    this.#tracks = new TraceTracks(this.#slots, settings['trace.per-device'])
    this.#isOn = settings['trace.per-device'] > 0
    this.#endpointOf = endpointOf
  }

  /** Octets `start` to `end` of `buffer`, valid during the call only. */
  record(
    now: Instant,
    peer: Peer,
    direction: TracedDatagram['direction'],
    buffer: Bytes,
    start: number,
    end: number,
  ): void {
    if (!this.#isOn) return
    const track = this.#tracks.ofPeer(peer) ?? this.#tracks.open(peer, this.#endpointOf(peer))
    const moment = Math.floor(now * 1000)
    this.#stamp = moment > this.#stamp ? moment : this.#stamp + 1
    const slot = this.#tracks.append(track)
    this.#slots.fill(slot, this.#stamp, peer, direction === 'sent', buffer, start, end)
    if (this.#followers.size > 0 && track.endpoint !== undefined) this.#tell(track.endpoint, this.#stamp - 1)
  }

  /** `peer` is the device of that endpoint name from now on: both histories become one. */
  bind(peer: Peer, endpoint: string): void {
    const track = this.#tracks.ofPeer(peer)
    const saidAsStranger = track?.endpoint === undefined ? track : undefined
    const since = saidAsStranger === undefined ? 0 : this.#slots.stamp(saidAsStranger.oldest)
    this.#tracks.bind(peer, endpoint)
    if (saidAsStranger !== undefined) this.#tell(endpoint, since - 1, peer)
  }

  /** The number of the peer will not come again. */
  forget(peer: Peer): void {
    this.#tracks.forget(peer)
  }

  /** Oldest first; nothing where nothing was heard of it. */
  trace(endpoint: string): readonly TracedDatagram[] {
    const track = this.#tracks.ofEndpoint(endpoint)
    return track === undefined ? [] : traceOf(this.#tracks.read(track))
  }

  /** Calls `listener` with each datagram as it passes, until the returned function is called. */
  follow(endpoint: string, listener: TraceListener): () => void {
    const listeners = this.#followers.get(endpoint) ?? new Set()
    this.#followers.set(endpoint, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#followers.get(endpoint) === listeners) this.#followers.delete(endpoint)
    }
  }

  /** What there is now; memory in octets. */
  sizes(): { readonly tracedDevices: number; readonly tracedDatagrams: number; readonly traceMemory: number } {
    return {
      tracedDevices: this.#tracks.devices,
      tracedDatagrams: this.#slots.used,
      traceMemory: this.#slots.memory,
    }
  }

  /** Tells followers what came after the datagram of id `after`; of one peer, or of all. */
  #tell(endpoint: string, after: number, peer?: Peer): void {
    const listeners = this.#followers.get(endpoint)
    if (listeners === undefined) return
    const news = this.trace(endpoint).filter(
      ({ id, peer: from }) => id > after && (peer === undefined || from === peer),
    )
    for (const datagram of news) for (const listener of listeners) listener(datagram)
  }
}
