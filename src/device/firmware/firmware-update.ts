/**
 * Object 5 at work: turns writes and executes into events of the firmware machine and does what its
 * transitions ask for: fetch, receive, discard, install. What must survive a restart is in the flash.
 */
import { seconds, type Duration } from '../../base/time.ts'
import type { Narrator } from '../narrator.ts'
import type { Code } from '../objects/object-tree.ts'
import type { PackageReceiver } from '../requests.ts'
import { download, type PackageSource } from './download.ts'
import {
  initialFirmware,
  results,
  states,
  transition,
  type DownloadFailure,
  type FirmwareEffect,
  type FirmwareEvent,
} from './firmware-machine.ts'
import { applyDemoDelta, isDemoDelta, type Patched } from './demo-delta.ts'
import { demoImage } from './demo-image.ts'
import { slotSize, type Flash } from './flash.ts'
import { inspectImage, type Inspection } from './image.ts'
import { HttpPackage } from './http-package.ts'
import { parsePackageUri, type CoapUri, type PackageUri, type Protocol } from './package-uri.ts'
import { ProgressLine } from './progress-line.ts'

export interface FirmwarePorts {
  readonly flash: Flash
  /** What it can fetch with. */
  readonly protocols: readonly Protocol[]
  /** It applies deltas (demo-delta.ts); else they are packages of a type it does not know. */
  readonly deltas: boolean
  /** Certificates in PEM an https server is believed by; undefined: those of the system. */
  readonly trusted: string | undefined
  readonly narrator: Narrator
  readonly unixSeconds: () => number
  /** The package over CoAP; undefined where that host cannot be reached. */
  readonly openCoap: (uri: CoapUri) => Promise<PackageSource | undefined>
  /** The image is marked for a test start: restart now. */
  readonly install: () => void
}

/** A push that stops for so long is over: the sender's EXCHANGE_LIFETIME, RFC 7252 §4.8.2. */
const pushPatience: Duration = seconds(247)

export class FirmwareUpdate implements PackageReceiver {
  readonly #ports: FirmwarePorts
  readonly #progress: ProgressLine
  #fetching: AbortController | undefined
  #pushTimer: NodeJS.Timeout | undefined
  #deferTimer: NodeJS.Timeout | undefined
  #deferral: Duration = seconds(0)
  /** Seconds since 1970 of the last State change (/5/0/12). */
  lastChange: number

  constructor(ports: FirmwarePorts) {
    this.#ports = ports
    this.#progress = new ProgressLine(ports.narrator)
    this.lastChange = ports.unixSeconds()
  }

  /** Goes on with a download that a restart interrupted; a push that was under way has lost its sender. */
  resume(): void {
    const { flash, narrator } = this.#ports
    const { state, uri } = flash.record.firmware
    if (state !== states.downloading) return
    if (uri === '') this.#apply({ kind: 'download-failed', result: results.connectionLost })
    else {
      narrator.happened(`firmware  download goes on at ${flash.stagedLength} octets`)
      this.#fetch(uri)
    }
  }

  /** The new image runs and has reached the server: no way back. */
  confirm(version: string): void {
    const { flash } = this.#ports
    flash.change({ confirmed: version, swap: 'none', staged: undefined, source: undefined })
    flash.promoteStaged()
    this.reportSuccess()
  }

  /** Says that the update worked, whether or not the boot loader was told. */
  reportSuccess(): void {
    this.#apply({ kind: 'updated' })
  }

  /** Stops all that runs; the flash stays as it is. */
  stop(): void {
    this.#fetching?.abort()
    clearTimeout(this.#pushTimer)
    clearTimeout(this.#deferTimer)
  }

  #apply(event: FirmwareEvent): Code {
    const { flash } = this.#ports
    const before = flash.record.firmware
    const { next, code, effect } = transition(before, event)
    if (effect === 'fetch' || effect === 'receive' || effect === 'discard') this.#clearSlot()
    if (next !== before) flash.change({ firmware: next })
    if (next.state !== before.state) this.lastChange = this.#ports.unixSeconds()
    if (next.state !== before.state || next.result !== before.result) {
      this.#ports.narrator.happened(`firmware  ${stateNames[next.state]}${resultText(next.result)}`)
    }
    if (effect !== undefined) this.#perform(effect, next.uri)
    return code
  }

  #clearSlot(): void {
    this.stop()
    this.#ports.flash.eraseStaged()
    this.#ports.flash.change({ source: undefined, staged: undefined })
  }

  #perform(effect: FirmwareEffect, uri: string): void {
    switch (effect) {
      case 'fetch':
        this.#fetch(uri)
        return
      case 'install':
        this.#ports.flash.change({ swap: 'pending' })
        this.#ports.install()
        return
      case 'defer':
        this.#deferTimer = setTimeout(() => this.#apply({ kind: 'deferral-over' }), this.#deferral)
        return
      case 'receive':
      case 'discard':
    }
  }

  #fetch(uri: string): void {
    const parsed = parsePackageUri(uri, this.#ports.protocols)
    if (!parsed.ok) {
      this.#apply({ kind: 'download-failed', result: parsed.result })
      return
    }
    const fetching = new AbortController()
    this.#fetching = fetching
    void this.#pull(parsed, fetching.signal)
  }

  async #pull(uri: PackageUri & { ok: true }, signal: AbortSignal): Promise<void> {
    const { flash, narrator, openCoap, trusted } = this.#ports
    const source = uri.by === 'coap' ? await openCoap(uri.coap) : new HttpPackage(uri.url, trusted, signal)
    if (source === undefined) {
      if (!signal.aborted) this.#apply({ kind: 'download-failed', result: results.invalidUri })
      return
    }
    const outcome = await download({
      source,
      flash,
      pause: (wait) => pause(wait, signal),
      progress: (received, total, size) => this.#progress.show(received, total, size),
      interrupted: (reason, retryIn) => {
        if (signal.aborted) return
        const then = retryIn === undefined ? '' : `; goes on from ${flash.stagedLength} in ${retryIn / 1000} s`
        narrator.trouble(`firmware  ${reason}${then}`)
      },
    })
    source.close()
    if (signal.aborted || outcome === 'given-up') return
    if (outcome === 'complete') this.#verify()
    else this.#apply({ kind: 'download-failed', result: outcome })
  }

  #verify(): void {
    const { flash, narrator } = this.#ports
    const inspection = this.#inspect(flash.readStaged())
    if (!inspection.ok) {
      narrator.trouble(`firmware  image refused: ${inspection.reason}`)
      this.#apply({ kind: 'download-failed', result: inspection.result })
      return
    }
    flash.change({ staged: inspection.version })
    this.#apply({ kind: 'downloaded' })
  }

  /** Of a delta the image it makes, which is what is staged from then on. */
  #inspect(staged: Buffer): Inspection | (Patched & { ok: false }) {
    const { flash, narrator, deltas } = this.#ports
    if (!deltas || !isDemoDelta(staged)) return inspectImage(staged)
    const patched = applyDemoDelta(flash.readRunning() ?? demoImage(flash.record.confirmed), staged)
    if (!patched.ok) return patched
    flash.eraseStaged()
    flash.append(patched.image)
    narrator.happened(`firmware  the delta of ${staged.length} octets makes an image of ${patched.image.length}`)
    return inspectImage(patched.image)
  }

  receive(offset: number, octets: Uint8Array, more: boolean): Code {
    const { flash } = this.#ports
    if (offset === 0) {
      const nothing = octets.length === 0 || (octets.length === 1 && octets[0] === 0)
      if (!more && nothing) return this.#apply({ kind: 'reset' })
      const code = this.#apply({ kind: 'write-package' })
      if (code !== '2.04') return code
    }
    if (!this.#receiving() || offset !== flash.stagedLength) return '4.08' // RFC 7959 §2.9.2
    if (offset + octets.length > slotSize) return this.#fail(results.noFlash, '4.13')
    flash.append(octets)
    this.#progress.show(flash.stagedLength, undefined, octets.length)
    clearTimeout(this.#pushTimer)
    if (more) {
      this.#pushTimer = setTimeout(() => this.#fail(results.connectionLost, '4.08'), pushPatience)
      return '2.31'
    }
    this.#verify()
    return '2.04'
  }

  #receiving(): boolean {
    const { state, uri } = this.#ports.flash.record.firmware
    return state === states.downloading && uri === ''
  }

  #fail(result: DownloadFailure, code: Code): Code {
    this.#apply({ kind: 'download-failed', result })
    return code
  }

  /** /5/0/2; with a deferral it starts so much later, unless something else happens first. */
  executeUpdate(deferral: Duration | undefined): Code {
    this.#deferral = deferral ?? seconds(0)
    return this.#apply({ kind: 'execute-update', defer: deferral !== undefined })
  }

  cancel(): Code {
    return this.#apply({ kind: 'cancel' })
  }

  writeUri(uri: string): Code {
    if (uri === '') return this.#apply({ kind: 'reset' })
    const parsed = parsePackageUri(uri, this.#ports.protocols)
    if (!parsed.ok) this.#ports.narrator.trouble(`firmware  ${parsed.reason}`)
    return this.#apply({ kind: 'write-uri', uri, refusal: parsed.ok ? undefined : parsed.result })
  }
}

const stateNames = ['Idle', 'Downloading', 'Downloaded', 'Updating'] as const
const resultNames: Readonly<Record<number, string>> = {
  [results.success]: 'updated successfully',
  [results.noFlash]: 'not enough flash',
  [results.noMemory]: 'out of RAM',
  [results.connectionLost]: 'connection lost',
  [results.integrity]: 'integrity check failed',
  [results.packageType]: 'unsupported package type',
  [results.invalidUri]: 'invalid URI',
  [results.updateFailed]: 'update failed',
  [results.protocol]: 'unsupported protocol',
  [results.cancelled]: 'cancelled',
  [results.deferred]: 'deferred',
}

function resultText(result: number): string {
  return result === initialFirmware.result ? '' : `, result ${result}: ${resultNames[result] ?? '?'}`
}

/** Resolves true after `wait`, false at once when the work is called off. */
function pause(wait: Duration, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  if (wait === 0) return Promise.resolve(true)
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve(!signal.aborted)
    }
    const timer = setTimeout(finish, wait)
    signal.addEventListener('abort', finish)
  })
}
