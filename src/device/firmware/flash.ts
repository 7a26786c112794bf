/**
 * The device's flash: which image runs, what is staged beside it, and what the boot loader does next.
 * In memory, or in a directory so that a killed and restarted device goes on where it was. Each record is
 * written whole or not at all.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { initialFirmware, results, states, type FirmwareState } from './firmware-machine.ts'

export interface FlashRecord {
  /** Version of the confirmed image. */
  readonly confirmed: string
  /** Version of what is staged, known once it is complete. */
  readonly staged: string | undefined
  /** MCUboot's swap state: nothing to do; swap and try at the next start; being tried and not yet confirmed. */
  readonly swap: 'none' | 'pending' | 'testing'
  readonly firmware: FirmwareState
  /** What the octets in the second slot came from, to go on after a break: ETag as its source writes it, size where told. */
  readonly source: { readonly etag: string | undefined; readonly size: number | undefined } | undefined
}

export interface Flash {
  readonly record: FlashRecord
  change(change: Partial<FlashRecord>): void
  /** Octets in the second slot. */
  readonly stagedLength: number
  append(octets: Uint8Array): void
  readStaged(): Buffer
  eraseStaged(): void
  /** The confirmed image; undefined where it is still the one the device was made with. */
  readRunning(): Buffer | undefined
  /** What is staged is the running image from now on, and the second slot is empty. */
  promoteStaged(): void
}

/** Octets the second slot holds. */
export const slotSize = 4 * 1024 * 1024

/** The image that runs after a start, and what the boot loader did for it. */
export interface Boot {
  readonly version: string
  readonly event: 'normal' | 'testing' | 'reverted'
}

/** One start: an image marked pending is swapped in and tried; one still unconfirmed from last time is swapped back. */
export function bootLoader(flash: Flash): Boot {
  const { record } = flash
  if (record.swap === 'pending' && record.staged !== undefined) {
    flash.change({ swap: 'testing' })
    return { version: record.staged, event: 'testing' }
  }
  if (record.swap === 'none') return { version: record.confirmed, event: 'normal' }
  const firmware = { state: states.idle, result: results.updateFailed, uri: '' }
  flash.change({ swap: 'none', staged: undefined, source: undefined, firmware })
  flash.eraseStaged()
  return { version: record.confirmed, event: 'reverted' }
}

function newRecord(version: string): FlashRecord {
  return { confirmed: version, staged: undefined, swap: 'none', firmware: initialFirmware, source: undefined }
}

export class MemoryFlash implements Flash {
  record: FlashRecord
  #staged: Uint8Array[] = []
  #running: Buffer | undefined
  stagedLength = 0

  constructor(version: string) {
    this.record = newRecord(version)
  }

  change(change: Partial<FlashRecord>): void {
    this.record = { ...this.record, ...change }
  }

  append(octets: Uint8Array): void {
    this.#staged.push(Uint8Array.from(octets))
    this.stagedLength += octets.length
  }

  readStaged(): Buffer {
    return Buffer.concat(this.#staged)
  }

  eraseStaged(): void {
    this.#staged = []
    this.stagedLength = 0
  }

  readRunning(): Buffer | undefined {
    return this.#running
  }

  promoteStaged(): void {
    this.#running = this.readStaged()
    this.eraseStaged()
  }
}

/** Throws the file system's errors: a device whose flash fails cannot go on. */
export class DirectoryFlash implements Flash {
  readonly #recordFile: string
  readonly #slotFile: string
  readonly #runningFile: string
  record: FlashRecord
  stagedLength: number

  /** `version` is what a device that was never started before runs. */
  constructor(directory: string, version: string) {
    mkdirSync(directory, { recursive: true })
    this.#recordFile = join(directory, 'flash.json')
    this.#slotFile = join(directory, 'slot-2.bin')
    this.#runningFile = join(directory, 'slot-1.bin')
    this.record = existsSync(this.#recordFile)
      ? { ...newRecord(version), ...(JSON.parse(readFileSync(this.#recordFile, 'utf8')) as Partial<FlashRecord>) }
      : newRecord(version)
    this.stagedLength = existsSync(this.#slotFile) ? statSync(this.#slotFile).size : 0
    if (this.record.firmware.state === states.downloading) this.#cutTornBlock()
  }

  /** A kill in the middle of a write leaves part of a block; the smallest block has 16 octets (RFC 7959 §2.2). */
  #cutTornBlock(): void {
    if (this.stagedLength % 16 === 0) return
    this.stagedLength -= this.stagedLength % 16
    truncateSync(this.#slotFile, this.stagedLength)
  }

  change(change: Partial<FlashRecord>): void {
    this.record = { ...this.record, ...change }
    const draft = `${this.#recordFile}.new`
    writeFileSync(draft, JSON.stringify(this.record, undefined, 2))
    renameSync(draft, this.#recordFile)
  }

  append(octets: Uint8Array): void {
    appendFileSync(this.#slotFile, octets)
    this.stagedLength += octets.length
  }

  readStaged(): Buffer {
    return existsSync(this.#slotFile) ? readFileSync(this.#slotFile) : Buffer.alloc(0)
  }

  eraseStaged(): void {
    writeFileSync(this.#slotFile, '')
    this.stagedLength = 0
  }

  readRunning(): Buffer | undefined {
    return existsSync(this.#runningFile) ? readFileSync(this.#runningFile) : undefined
  }

  promoteStaged(): void {
    if (existsSync(this.#slotFile)) renameSync(this.#slotFile, this.#runningFile)
    this.stagedLength = 0
  }
}
