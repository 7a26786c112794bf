/**
 * Addresses as numbers, for one life of a simulated server: what the transport's table is to the real one,
 * limit included.
 */
import { LruMap } from '../base/lru.ts'
import type { Remote } from './link.ts'

export class PathBook {
  readonly #paths: LruMap<string, number>
  readonly #remotes = new Map<number, Remote>()
  #last = 0

  /** `forgotten` is told the number of each path let go. */
  constructor(limit: number, forgotten: (path: number) => void) {
    this.#paths = new LruMap(limit, (_, path) => {
      this.#remotes.delete(path)
      forgotten(path)
    })
  }

  pathOf(remote: Remote): number {
    const key = `${remote.address}:${remote.port}`
    const known = this.#paths.peek(key)
    if (known !== undefined) {
      // To move it up each time would cost more than all the rest; one that is not old need not move.
      if (known <= this.#last - this.#paths.limit / 2) this.#paths.use(key)
      return known
    }
    const path = ++this.#last
    this.#remotes.set(path, { address: remote.address, port: remote.port })
    this.#paths.set(key, path)
    return path
  }

  remoteOf(path: number): Remote | undefined {
    return this.#remotes.get(path)
  }
}
