/**
 * Object 5 from the device's side (LwM2M Core 1.2 appendix E.6): pulls what it is offered block by block,
 * checks it, installs it on command and says after the restart how that went.
 */
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { blockOf, blockValue, exponentOf } from '../../coap/block.ts'
import { method, response as codes } from '../../coap/codes.ts'
import { option } from '../../coap/options.ts'
import type { InboundResponse, OutboundResponse, RequestOutcome } from '../../coap/types.ts'
import { between } from '../chance.ts'
import type { Living } from './parts.ts'
import type { Timer } from '../timeline.ts'

/** /5/0/3. */
const state = { idle: 0, downloading: 1, downloaded: 2, updating: 3 } as const
/** /5/0/5. */
const result = { initial: 0, success: 1, connectionLost: 4, integrity: 5, badUri: 7, failed: 8 } as const

/** How often a client that can resume goes on. */
const resumeLimit = 20

const changed: OutboundResponse = { code: codes.changed }
const notAllowed: OutboundResponse = { code: codes.methodNotAllowed }

export class FirmwareClient {
  readonly #life: Living
  #fetching = false
  #breaks = 0
  /** Counts offers: what was asked for under the one before is of no use. */
  #offers = 0
  #timer: Timer | undefined

  constructor(life: Living) {
    this.#life = life
  }

  get isFetching(): boolean {
    return this.#fetching
  }

  /** After a restart: the new image runs, or the old one again. */
  begin(now: Instant): void {
    const { device } = this.#life
    const { flash } = device
    if (flash.state !== state.updating) return
    const image = flash.slot.read()
    if (isFault(image) || !image.boots || device.frailty.rejects === image.version) {
      device.witness.noted(now, device, { fact: 'revert' })
      this.#become(now, state.idle, result.failed)
      return
    }
    flash.version = image.version
    device.show(image.version)
    device.witness.installed(now, device, image.version)
    this.#become(now, state.idle, result.success)
  }

  registered(now: Instant): void {
    const { flash, personality } = this.#life.device
    if (flash.state !== state.downloading || this.#fetching) return
    if (personality.download.afterBreak === 'resume') this.#resume(now)
    else this.#become(now, state.idle, result.connectionLost)
  }

  /** Write of Package URI. */
  offer(now: Instant, uri: string): OutboundResponse {
    const { flash } = this.#life.device
    if (uri === '') {
      this.#life.stop(this.#timer)
      this.#become(now, state.idle, result.initial)
      return changed
    }
    if (flash.state === state.downloaded || flash.state === state.updating) return notAllowed
    if (flash.state === state.downloading && flash.uri === uri) return changed
    this.#offers++
    flash.uri = uri
    flash.erase()
    this.#breaks = 0
    this.#become(now, state.downloading, result.initial)
    this.#timer = this.#life.in(now, 200, (at) => this.#fetch(at))
    return changed
  }

  /** Execute of Update. */
  install(now: Instant): OutboundResponse {
    const { device } = this.#life
    if (device.flash.state !== state.downloaded) return notAllowed
    this.#become(now, state.updating, result.initial)
    device.restart(now)
    return changed
  }

  #fetch(now: Instant): void {
    const { flash, personality } = this.#life.device
    if (this.#fetching || flash.state !== state.downloading) return
    const segments = /^coaps?:\/\/[^/]+\/([^?]*)$/.exec(flash.uri)?.[1]?.split('/')
    if (segments === undefined) {
      this.#become(now, state.idle, result.badUri)
      return
    }
    flash.blockSize ??= personality.download.blockSize
    const value = blockValue(flash.length / flash.blockSize, false, exponentOf(flash.blockSize))
    this.#fetching = true
    const offer = this.#offers
    const options = [{ number: option.block2, value }]
    this.#life.ask(now, { code: method.get, path: segments, options }, (at, outcome) => {
      this.#fetching = false
      if (flash.state !== state.downloading) return
      if (offer === this.#offers) this.#fetched(at, outcome)
      else this.#fetch(at)
    })
  }

  #fetched(now: Instant, outcome: RequestOutcome): void {
    if (outcome.outcome !== 'response') {
      this.#broken(now)
      return
    }
    const { response } = outcome
    const value = response.options.uint(option.block2)
    if (response.code !== codes.content || value === undefined) {
      this.#become(now, state.idle, result.connectionLost)
      return
    }
    if (!this.#agrees(value)) {
      this.#broken(now)
      return
    }
    if (!this.#keep(response, value)) {
      this.#become(now, state.idle, result.integrity)
      return
    }
    this.#breaks = 0
    const { device } = this.#life
    device.witness.noted(now, device, { fact: 'block', octets: response.payload.length })
    if (blockOf(value).more) {
      this.#next(now)
      return
    }
    const image = device.flash.slot.read()
    if (isFault(image) || image.version === device.frailty.spoils) this.#become(now, state.idle, result.integrity)
    else this.#become(now, state.downloaded, result.initial)
  }

  /** Whether the client can go on in blocks of this size: smaller than it asked for, some cannot. */
  #agrees(value: number): boolean {
    const { flash, personality } = this.#life.device
    const size = 16 << blockOf(value).sizeExponent
    if (size === flash.blockSize) return true
    flash.blockSize = size
    return personality.download.negotiates
  }

  /** Appends a block; false where it is not the one that was asked for, or of another image. */
  #keep(response: InboundResponse, value: number): boolean {
    const { flash } = this.#life.device
    const etag = response.options.bytes(option.etag)?.join('.')
    if (flash.etag !== undefined && flash.etag !== etag) return false
    flash.etag = etag
    const { number, sizeExponent } = blockOf(value)
    if (number * (16 << sizeExponent) !== flash.length) return false
    flash.append(response.payload)
    return true
  }

  #broken(now: Instant): void {
    const { chance, personality } = this.#life.device
    if (personality.download.afterBreak === 'fail' || ++this.#breaks > resumeLimit) {
      this.#become(now, state.idle, result.connectionLost)
      return
    }
    const wait = personality.download.resumeAfter * between(chance, 0.5, 1.5)
    this.#timer = this.#life.in(now, wait, (at) => this.#resume(at))
  }

  #resume(now: Instant): void {
    const { device } = this.#life
    if (device.flash.length > 0) device.witness.noted(now, device, { fact: 'resume' })
    this.#fetch(now)
  }

  /** The next block, unless this is where the device's power fails. */
  #next(now: Instant): void {
    const { device } = this.#life
    const { blockPause, powerCutAfter } = device.frailty
    if (powerCutAfter !== undefined && device.flash.length >= powerCutAfter && !device.flash.hasLostPower) {
      device.flash.hasLostPower = true
      // Not from within the endpoint that has just told us of the block.
      this.#timer = this.#life.in(now, 1, (at) => device.crash(at))
    } else if (blockPause === undefined) this.#fetch(now)
    else this.#timer = this.#life.in(now, blockPause, (at) => this.#fetch(at))
  }

  #become(now: Instant, next: number, outcome: number): void {
    const { device, reporter } = this.#life
    device.flash.state = next
    device.objects.set([5, 0, 3], { type: 'integer', value: BigInt(next) })
    device.objects.set([5, 0, 5], { type: 'integer', value: BigInt(outcome) })
    reporter.changed(now, [5, 0, 3])
    reporter.changed(now, [5, 0, 5])
  }
}
