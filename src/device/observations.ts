/**
 * Who observes what, and when they hear of it (RFC 7641; LwM2M Core 1.1 §6.4). Reads the tree, leaves
 * encoding to the formats and sending to the channel it is given. A restart forgets all of it, as devices do.
 */
import type { Instant } from '../base/time.ts'
import { notificationDue, type AttributeStore, type Notified } from './attributes.ts'
import { readLeaves, type ObjectTree } from './objects/object-tree.ts'
import type { ServerSettings } from './objects/server-object.ts'
import { encodeLeaves } from './payload/formats.ts'
import { pathText, type Leaf } from './payload/leaf.ts'

/** The way back to one observer. */
export interface Channel {
  /** A notification is still waiting for its ACK: the next one has to wait (NSTART is 1, RFC 7252 §4.7). */
  readonly busy: boolean
  /** False where the observer is gone. */
  readonly open: boolean
  notify(format: number, payload: Buffer): void
  close(): void
}

export interface Observation {
  /** What the payload is relative to: the path observed, or the root of a composite. */
  readonly base: readonly number[]
  /** The one path, or those of a composite. */
  readonly paths: readonly (readonly number[])[]
  readonly format: number
  readonly channel: Channel
  last: Notified
}

/** As small devices do: an eleventh and later observation is answered as a plain read. */
const observationLimit = 10

export class Observations {
  readonly #tree: ObjectTree
  readonly #attributes: AttributeStore
  readonly #settings: ServerSettings
  readonly #notified: (base: readonly number[], leaves: readonly Leaf[]) => void
  readonly #byToken = new Map<string, Observation>()

  constructor(
    tree: ObjectTree,
    attributes: AttributeStore,
    settings: ServerSettings,
    notified: (base: readonly number[], leaves: readonly Leaf[]) => void,
  ) {
    this.#tree = tree
    this.#attributes = attributes
    this.#settings = settings
    this.#notified = notified
  }

  /** False where there are as many as the device can keep. The same token again renews (RFC 7641 §4.1). */
  start(token: string, observation: Observation): boolean {
    if (!this.#byToken.has(token) && this.#byToken.size >= observationLimit) return false
    this.cancel(token)
    this.#byToken.set(token, observation)
    return true
  }

  /** The path that was observed under `token`, if any. */
  cancel(token: string): string | undefined {
    const observation = this.#byToken.get(token)
    if (observation === undefined) return undefined
    this.#byToken.delete(token)
    observation.channel.close()
    return pathText(observation.base)
  }

  /** Sends every notification that is due at `now`. */
  evaluate(now: Instant): void {
    for (const [token, observation] of this.#byToken) {
      if (!observation.channel.open) this.#byToken.delete(token)
      else if (!observation.channel.busy) this.#evaluateOne(observation, now)
    }
  }

  #evaluateOne(observation: Observation, now: Instant): void {
    const { base, paths, format, channel } = observation
    if (!paths.some((path) => this.#isDue(path, observation, now))) return
    const leaves = paths.flatMap((path) => readLeaves(this.#tree, path))
    const payload = encodeLeaves(format, base, leaves)
    if (payload === undefined) return // a multiple resource that has come to fit no single value
    observation.last = { at: now, leaves }
    channel.notify(format, payload)
    this.#notified(base, leaves)
  }

  /** Each path of a composite by attributes of its own: one that is due has all of them told (LwM2M Core 1.2 §6.4). */
  #isDue(path: readonly number[], { last }: Observation, now: Instant): boolean {
    const { minimumPeriod, maximumPeriod } = this.#settings
    const attributes = this.#attributes.effective(path, { pmin: minimumPeriod, pmax: maximumPeriod })
    const before = last.leaves.filter((leaf) => path.every((id, depth) => leaf.path[depth] === id))
    return notificationDue(attributes, { at: last.at, leaves: before }, readLeaves(this.#tree, path), now)
  }

  closeAll(): void {
    for (const token of this.#byToken.keys()) this.cancel(token)
  }
}
