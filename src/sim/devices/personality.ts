/**
 * What sets one kind of client apart from another, as data (devices.md §§1, 6). What a client does with it
 * is the device's code; a new kind of client is a new row.
 */
import type { Duration } from '../../base/time.ts'
import type { Profile, ProfileName } from '../../config/profiles.ts'
import type { FormatNumber } from '../../lwm2m/payload/content-format.ts'
import type { NetworkName } from '../link-quality.ts'
import type { RadioKind } from './radio.ts'

export interface Personality {
  readonly name: string
  readonly network: NetworkName
  /** What an operator would tell the server of such a device. */
  readonly profile: ProfileName
  /** The client's own timers and sizes. */
  readonly stack: Profile
  readonly version: '1.0' | '1.1' | '1.2'
  readonly radio: RadioKind
  /** Lifetimes it registers with, seconds, and how often each. */
  readonly lifetimes: readonly (readonly [seconds: number, weight: number])[]
  /** Longest time between two Updates; a short lifetime shortens it. */
  readonly updateEvery: Duration
  /** How often it has something to report. */
  readonly reportEvery: readonly (readonly [interval: Duration, weight: number])[]
  /** What its notifications are; RFC 7641 §4.5 makes one a day a CON in any case. */
  readonly notifications: 'con' | 'non'
  /** Share of reports that are a Send instead (LwM2M Core 1.2 §6.4.6). */
  readonly sends: number
  /** Whether it sends an Update before anything else when its radio was off (devices.md §0.1). */
  readonly updatesFirst: boolean
  /** What it does when a Register fails: gives up until power is cycled, or tries again, each time twice as late. */
  readonly afterFailure: 'idle' | { readonly first: Duration; readonly longest: Duration }
  /** What it answers reads and notifies in when not asked for another. */
  readonly format: FormatNumber
  /** Content formats its object list names; none for 1.0 clients. */
  readonly announcedFormats: readonly FormatNumber[]
  /** Share of requests it answers late, after an empty ACK, and how late. */
  readonly hesitates: { readonly share: number; readonly longest: Duration }
  /** Octets of the blocks it fetches firmware in, and what it does when a fetch breaks off. */
  readonly download: {
    readonly blockSize: 128 | 256 | 512 | 1024
    readonly afterBreak: 'fail' | 'resume'
    /** How long one that resumes waits before it goes on. */
    readonly resumeAfter: Duration
    /** Goes on in smaller blocks where the server answers in smaller ones (RFC 7959 §2.4). */
    readonly negotiates: boolean
  }
  /** How long a restart takes. */
  readonly restart: readonly [shortest: Duration, longest: Duration]
}
