/**
 * Deltas between images for the API: uploaded, or made by the command the operator configured. How a delta is made
 * and applied is nobody's business here; its octets are kept beside those of the images.
 */
import type { Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventDraft } from '../events/types.ts'
import type { ImagesService } from '../images/service.ts'
import { imageKeyOf, type Delta, type Image } from '../images/types.ts'
import type { DeltaFiles, DeltaMaker, DeltasOp, DeltasStore } from './store.ts'

/** Pairs whose delta is being made or waits for it; each is a run of the command. */
const mostUnderWay = 8

export interface DeltasParts {
  readonly store: DeltasStore
  readonly files: DeltaFiles
  readonly maker: DeltaMaker
  readonly images: Pick<ImagesService, 'image' | 'hold' | 'keeps'>
  readonly commands: { commitNow(ops: readonly DeltasOp[], events?: readonly EventDraft[]): void | Promise<void> }
  readonly now: () => Instant
  readonly settings: Pick<Settings, 'firmware.image-limit'>
  /** What needs the delta, in words for people; none where it may be removed. */
  readonly usesOf: (delta: Delta) => readonly string[]
}

/** The two images by hash, key, version or `product@version`. */
export interface DeltaPair {
  readonly from: string
  readonly to: string
}

export class DeltasService {
  readonly #parts: DeltasParts
  /** By both hashes: a pair is made once, whoever asks. */
  readonly #making = new Map<string, Promise<Delta>>()
  #lastMade: Promise<unknown> = Promise.resolve()

  constructor(parts: DeltasParts) {
    this.#parts = parts
  }

  /** Throws UsageError 'image.unknown' (404). */
  list(to?: string): readonly Delta[] {
    const { store, images } = this.#parts
    return store.deltas(to === undefined ? undefined : images.image(to).sha256)
  }

  /**
   * Keeps an uploaded delta. Throws UsageError 'image.unknown' (404), 'delta.pair' (422), 'delta.exists' (409: the
   * pair has another), 'delta.size' (422: no smaller than the image), 'firmware.too-large' (413), 'firmware.empty',
   * or EnvironmentError.
   */
  async add(pair: DeltaPair, chunks: AsyncIterable<Bytes>): Promise<Delta> {
    const [from, to] = this.#pair(pair)
    return this.#keep(from, to, chunks, 'uploaded')
  }

  /**
   * The delta there is, else made by the configured command: one at a time, a pair once. Throws as `add`, and
   * UsageError 'delta.no-command' (409), 'delta.busy' (409), EnvironmentError 'delta.command', 'delta.timeout'.
   */
  async make(pair: DeltaPair): Promise<Delta> {
    const [from, to] = this.#pair(pair)
    const known = this.#parts.store.delta(from.sha256, to.sha256)
    if (known !== undefined) return known
    const name = `${from.sha256}/${to.sha256}`
    const underWay = this.#making.get(name)
    if (underWay !== undefined) return underWay
    const { command } = this.#parts.maker
    if (command === undefined) {
      throw conflict('delta.no-command', 'no command makes deltas', 'firmware.delta-command is the knob; or upload one')
    }
    if (this.#making.size >= mostUnderWay) {
      throw conflict('delta.busy', `${mostUnderWay} deltas are being made already`, 'try again when they are')
    }
    const made = this.#lastMade.then(() => this.#run(from, to, command))
    this.#lastMade = made.catch(() => undefined)
    this.#making.set(name, made)
    try {
      return await made
    } finally {
      this.#making.delete(name)
    }
  }

  /** By its key. Throws UsageError 'delta.unknown' (404), 'delta.in-use' (409) with the member `uses` while something needs it. */
  async remove(key: string): Promise<void> {
    const { store, commands, usesOf } = this.#parts
    const delta = store.deltaByKey(key)
    if (delta === undefined) {
      throw new UsageError('delta.unknown', `there is no delta '${key}'`, {
        status: 404,
        hint: "'coapstan firmware delta list' shows them",
      })
    }
    const uses = usesOf(delta)
    if (uses.length > 0) {
      throw new UsageError('delta.in-use', `delta ${key} is needed: ${uses.join(', ')}`, {
        status: 409,
        hint: 'cancel it, or wait for its end',
        members: { uses },
      })
    }
    const { from, to } = delta
    await commands.commitNow([{ op: 'delta.delete', from, to }], [eventOf('firmware.delta-removed', delta)])
    await this.drop([delta])
  }

  /** Deltas of an image that is to go: without it they are of no use. */
  deltasOf({ sha256 }: Image): readonly Delta[] {
    return [...this.#parts.store.deltas(sha256), ...this.#parts.store.deltasFrom(sha256)]
  }

  /** Removes the octets of deltas whose rows are gone. */
  async drop(deltas: readonly Delta[]): Promise<void> {
    for (const { sha256, key } of deltas) if (!this.#isKept(sha256, key)) await this.#parts.files.remove(sha256)
  }

  async #run(from: Image, to: Image, command: string): Promise<Delta> {
    const { images, maker } = this.#parts
    const releases = [images.hold(from), images.hold(to)]
    try {
      return await maker.make(from, to, (octets) => this.#keep(from, to, octets, command))
    } finally {
      for (const release of releases) release()
    }
  }

  async #keep(from: Image, to: Image, chunks: AsyncIterable<Bytes>, madeBy: string): Promise<Delta> {
    const { store, files, commands, now, settings } = this.#parts
    const { sha256, size } = await files.add(chunks, settings['firmware.image-limit'], async (file) => {
      if (file.size < to.size) return
      throw refused('delta.size', `a delta of ${file.size} octets is no smaller than the image of ${to.size}`)
    })
    const key = imageKeyOf(sha256)
    try {
      const known = store.delta(from.sha256, to.sha256)
      if (known?.sha256 === sha256) return known
      if (known !== undefined)
        throw conflict('delta.exists', 'there is another delta of these images', 'remove it first')
      if (this.#isKept(sha256, key))
        throw conflict('delta.exists', 'these octets are kept as something else', 'add others')
      const delta: Delta = { from: from.sha256, to: to.sha256, sha256, key, size, madeBy, addedAt: now() }
      await commands.commitNow([{ op: 'delta.put', delta }], [eventOf('firmware.delta-added', delta)])
      return delta
    } catch (thrown) {
      if (!this.#isKept(sha256, key)) await files.remove(sha256)
      throw thrown
    }
  }

  #isKept(sha256: string, key: string): boolean {
    return this.#parts.store.deltaByKey(key) !== undefined || this.#parts.images.keeps(sha256)
  }

  #pair({ from, to }: DeltaPair): [Image, Image] {
    const { images } = this.#parts
    const target = images.image(to)
    const source = images.image(from, target.product)
    if (source.product !== target.product) {
      throw refused('delta.pair', `${source.product} and ${target.product} are different products`)
    }
    if (source.sha256 === target.sha256) throw refused('delta.pair', 'from and to are the same image')
    return [source, target]
  }
}

function eventOf(kind: 'firmware.delta-added' | 'firmware.delta-removed', delta: Delta): EventDraft {
  const { from, to, key, size, madeBy } = delta
  return { kind, cause: 'operator', detail: { from, to, key, size, madeBy } }
}

function refused(code: string, message: string): UsageError {
  return new UsageError(code, message, { status: 422 })
}

function conflict(code: string, message: string, hint: string): UsageError {
  return new UsageError(code, message, { status: 409, hint })
}
