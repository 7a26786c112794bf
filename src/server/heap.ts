/**
 * How far V8's heap may outgrow what lives in it before it is looked through: a small heap doubles, which spares a fleet
 * that registers at once a fifth of its processor time, and a large one grows by little, which is what memory is for.
 * Knows nothing of what lives there.
 */
import { constants, PerformanceObserver, type PerformanceNodeEntry } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Octets that heaps of middle size may grow by, all of them together. */
const room = 64 * 2 ** 20
/** Percent of what lives in it. */
const most = 100
const least = 30

/** Percent by which a heap in which `live` octets live may grow, where `heaps` alike share the room. */
export function heapGrowth(live: number, heaps = 1): number {
  return Math.round(Math.min(most, Math.max(least, (100 * room) / (heaps * live))))
}

/**
 * From now on, after each look through the heap of this thread. The flag holds for every thread's: of several, which are
 * shards and alike, the one that looked last has set it.
 */
export function limitHeap(heaps = 1): void {
  const tell = (): void =>
    setFlagsFromString(`--heap-growing-percent=${heapGrowth(getHeapStatistics().used_heap_size, heaps)}`)
  tell()
  const isMajor = ({ detail }: PerformanceNodeEntry): boolean =>
    (detail as { readonly kind: number }).kind === constants.NODE_PERFORMANCE_GC_MAJOR
  const observer = new PerformanceObserver((list) => {
    if ((list.getEntries() as unknown as PerformanceNodeEntry[]).some(isMajor)) tell()
  })
  observer.observe({ entryTypes: ['gc'] })
}
