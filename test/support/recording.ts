/** A flight recorder with peers and a clock of the test's own. */
import { instantOf } from '../../src/base/time.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import { FlightRecorder } from '../../src/engine/flight-recorder.ts'
import type { TracedDatagram } from '../../src/engine/trace.ts'
import { datagramOf } from './coap-notation.ts'

const start = Date.UTC(2026, 10, 21)

export class Recording {
  readonly recorder: FlightRecorder
  readonly endpoints = new Map<number, string>()
  now = start

  constructor(settings: Partial<Settings> = {}) {
    this.recorder = new FlightRecorder({ ...defaultSettings, ...settings }, (peer) => this.endpoints.get(peer))
  }

  /** `line` in the notation of the lockstep tests. */
  hears(peer: number, line: string | Uint8Array): void {
    this.#record(peer, 'received', line)
  }

  says(peer: number, line: string | Uint8Array): void {
    this.#record(peer, 'sent', line)
  }

  /** Messages ids of what is kept, oldest first. */
  idsOf(endpoint: string): (number | undefined)[] {
    return this.recorder.trace(endpoint).map(({ messageId }) => messageId)
  }

  #record(peer: number, direction: 'received' | 'sent', line: string | Uint8Array): void {
    const octets = typeof line === 'string' ? datagramOf(line) : line
    // In the middle of a slab that is written over at once.
    const slab = new Uint8Array(octets.length + 20)
    slab.set(octets, 10)
    this.recorder.record(instantOf(this.now++), peer, direction, slab, 10, 10 + octets.length)
    slab.fill(0xee)
  }
}

/** The members a test names, of each datagram. */
export function told(trace: readonly TracedDatagram[], ...names: (keyof TracedDatagram)[]): unknown[] {
  return trace.map((datagram) => names.map((name) => datagram[name]))
}

/** A recording of the one device `endpoint`, as peer 2. */
export function known(endpoint: string): {
  readonly recorder: FlightRecorder
  hears(line: string | Uint8Array): void
  says(line: string | Uint8Array): void
} {
  const recording = new Recording()
  recording.endpoints.set(2, endpoint)
  return {
    recorder: recording.recorder,
    hears: (line) => recording.hears(2, line),
    says: (line) => recording.says(2, line),
  }
}
