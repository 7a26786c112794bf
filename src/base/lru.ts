/**
 * A map with a named limit that lets go of what was used longest ago. Every table a peer can make
 * grow is one of these or counts its entries itself.
 */

export class LruMap<K, V> {
  readonly limit: number
  readonly #entries = new Map<K, V>()
  readonly #onEvict: ((key: K, value: V) => void) | undefined
  /** Where one key is used again and again, nothing is looked for or moved. */
  #newest: K | undefined
  #newestValue: V | undefined

  constructor(limit: number, onEvict?: (key: K, value: V) => void) {
    this.limit = limit
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  /** The value of `key`, now the most recently used. */
  use(key: K): V | undefined {
    if (key === this.#newest) return this.#newestValue
    const value = this.#entries.get(key)
    if (value !== undefined) this.#append(key, value)
    return value
  }

  /** The value of `key`, its age unchanged. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    this.#append(key, value)
    if (this.#entries.size <= this.limit) return
    for (const [oldestKey, oldest] of this.#entries) {
      this.delete(oldestKey)
      this.#onEvict?.(oldestKey, oldest)
      break
    }
  }

  delete(key: K): boolean {
    if (key === this.#newest) this.#newest = this.#newestValue = undefined
    return this.#entries.delete(key)
  }

  /** Oldest first. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries()
  }

  #append(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
    this.#newestValue = value
  }
}
