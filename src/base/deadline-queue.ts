/**
 * Timers as data: things with a deadline in an indexed binary heap, one queue per core, one real
 * timer per process. Setting, moving and clearing a deadline cost O(log n) and no closure.
 */
import { never, type Instant } from './time.ts'

/** What a queue holds: the owner embeds these two fields and leaves them to the queue. */
export interface Deadlined {
  /** When it is due; `never` while it is in no queue. */
  deadline: Instant
  /** Its place in the heap; -1 while it is in no queue. */
  deadlineSlot: number
}

export class DeadlineQueue<T extends Deadlined> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** The earliest deadline, or `never`. */
  next(): Instant {
    return this.#heap[0]?.deadline ?? never
  }

  /** Sets or moves the one deadline of `item`. */
  set(item: T, deadline: Instant): void {
    const slot = item.deadlineSlot
    if (slot < 0) {
      item.deadline = deadline
      this.#heap.push(item)
      this.#rise(item, this.#heap.length - 1)
      return
    }
    const sooner = deadline < item.deadline
    item.deadline = deadline
    if (sooner) this.#rise(item, slot)
    else this.#sink(item, slot)
  }

  clear(item: T): void {
    const slot = item.deadlineSlot
    if (slot < 0) return
    item.deadlineSlot = -1
    item.deadline = never
    const last = this.#heap.pop()!
    if (last === item) return
    if (slot > 0 && last.deadline < this.#heap[(slot - 1) >> 1]!.deadline) this.#rise(last, slot)
    else this.#sink(last, slot)
  }

  /** Takes out and returns one item due at or before `now`, earliest first, or undefined. */
  takeDue(now: Instant): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.deadline > now) return undefined
    this.clear(first)
    return first
  }

  #rise(item: T, from: number): void {
    const heap = this.#heap
    let slot = from
    while (slot > 0) {
      const parentSlot = (slot - 1) >> 1
      const parent = heap[parentSlot]!
      if (parent.deadline <= item.deadline) break
      heap[slot] = parent
      parent.deadlineSlot = slot
      slot = parentSlot
    }
    heap[slot] = item
    item.deadlineSlot = slot
  }

  #sink(item: T, from: number): void {
    const heap = this.#heap
    const size = heap.length
    let slot = from
    for (;;) {
      let childSlot = 2 * slot + 1
      if (childSlot >= size) break
      if (childSlot + 1 < size && heap[childSlot + 1]!.deadline < heap[childSlot]!.deadline) childSlot++
      const child = heap[childSlot]!
      if (child.deadline >= item.deadline) break
      heap[slot] = child
      child.deadlineSlot = slot
      slot = childSlot
    }
    heap[slot] = item
    item.deadlineSlot = slot
  }
}
