/**
 * What a simulated fleet went through, counted as its devices see it. Keeps numbers and never a device:
 * as large after a day of a hundred thousand devices as after a minute of ten.
 */
import type { Instant } from '../../base/time.ts'
import type { Fact, Promised, Refusal, Witness, Witnessed } from '../devices/witness.ts'
import { Latencies } from './latencies.ts'

export interface TallyCounts {
  registers: number
  updates: number
  sends: number
  notifications: number
  /** Messages of devices the server said no to. */
  refused: number
  /** Requests of devices nobody answered, however often they were repeated. */
  unanswered: number
  /** Octets of firmware that were kept. */
  firmwareOctets: number
  firmwareBlocks: number
  resumes: number
  installs: number
  reverts: number
}

export class Tally implements Witness {
  readonly counts: TallyCounts = {
    registers: 0,
    updates: 0,
    sends: 0,
    notifications: 0,
    refused: 0,
    unanswered: 0,
    firmwareOctets: 0,
    firmwareBlocks: 0,
    resumes: 0,
    installs: 0,
    reverts: 0,
  }
  readonly latencies = {
    register: new Latencies(),
    update: new Latencies(),
    send: new Latencies(),
    block: new Latencies(),
  }
  /** Codes of refusals, and how many there were of each. */
  readonly refusals = new Map<string, number>()

  promised(_now: Instant, _device: Witnessed, { what }: Promised): void {
    if (what !== 'deregister') this.counts[`${what}s`]++
  }

  refused(_now: Instant, _device: Witnessed, { message, code }: Refusal): void {
    this.counts.refused++
    const kind = `${message} ${code}`
    this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + 1)
  }

  installed(): void {
    this.counts.installs++
  }

  noted(_now: Instant, _device: Witnessed, fact: Fact): void {
    switch (fact.fact) {
      case 'answer':
        this.latencies[fact.to].add(fact.took)
        return
      case 'silence':
        this.counts.unanswered++
        return
      case 'block':
        this.counts.firmwareBlocks++
        this.counts.firmwareOctets += fact.octets
        return
      case 'resume':
        this.counts.resumes++
        return
      case 'revert':
        this.counts.reverts++
    }
  }

  // What only the books of a world are interested in.
  did(): void {}
  missed(): void {}
  spurned(): void {}
  interrupted(): void {}
}
