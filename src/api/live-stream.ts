/**
 * One stream of server-sent events (HTML Living Standard §9.2). It is told of a thing as it comes while its
 * reader keeps up; one that fell behind, or resumes, reads the feed from where it stands, so a slow reader
 * costs a page of memory and never a queue. Knows nothing of what it carries.
 */
import { Readable } from 'node:stream'
import { EnvironmentError, UsageError } from '../base/errors.ts'

export interface StreamLimits {
  readonly streams: number
  /** Milliseconds a reader may take nothing. */
  readonly stall: number
  /** Milliseconds between comments. */
  readonly heartbeat: number
}

/** Where the things of a stream can be read again; each has an id, and ids rise. */
export interface Feed<T extends { readonly id: number }> {
  /** Oldest first, with ids above `last`; fewer than `page` where there are no more. */
  since(last: number): readonly T[]
  readonly page: number
  /** What stands in `event:` and `data:`. */
  frame(item: T): { readonly event: string; readonly data: string }
}

/** Octets that wait in a stream for its reader, besides the one event that crosses the mark. */
const buffered = 64 * 1024
/** Milliseconds a client is told to wait before it connects again. */
const reconnectAfter = 2000

export class LiveStream<T extends { readonly id: number }> extends Readable {
  readonly #feed: Feed<T>
  readonly #stall: number
  readonly #heartbeat: NodeJS.Timeout
  #stalled: NodeJS.Timeout | undefined
  #last: number
  /** The reader takes more. */
  #flowing = false
  /** Everything there was up to now has been handed on; the next can come straight. */
  #current = false
  #finished = false

  constructor(feed: Feed<T>, after: number, limits: StreamLimits) {
    super({ highWaterMark: buffered })
    this.#feed = feed
    this.#last = after
    this.#stall = limits.stall
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeat)
    this.#send(`retry: ${reconnectAfter}\n\n`)
  }

  /** One of the feed has come just now. */
  offer(item: T): void {
    if (item.id <= this.#last || this.#finished) return
    if (this.#flowing && this.#current) this.#sendItem(item)
    else this.#current = false
  }

  finish(): void {
    this.#finished = true
    this.push(null)
    this.#stopTimers()
  }

  override _read(): void {
    this.#flowing = true
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#replay()
  }

  /** Called by `destroy`, whoever asked for it. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimers()
    done(error)
  }

  /** Hands on one page of the feed; the rest comes in later turns, so that one reader never holds up all. */
  #replay(): void {
    if (this.#current || this.#finished || this.destroyed) return
    try {
      const page = this.#feed.since(this.#last)
      for (const item of page) {
        if (!this.#flowing) return
        this.#sendItem(item)
      }
      this.#current = page.length < this.#feed.page
      if (this.#flowing && !this.#current) setImmediate(() => this.#replay())
    } catch (error) {
      this.destroy(error instanceof Error ? error : new UsageError('events.unreadable', String(error)))
    }
  }

  #sendItem(item: T): void {
    this.#last = item.id
    const { event, data } = this.#feed.frame(item)
    this.#send(`id: ${item.id}\nevent: ${event}\ndata: ${data}\n\n`)
  }

  #beat(): void {
    if (this.#flowing) this.#send(': still here\n\n')
  }

  #send(text: string): void {
    this.#flowing = this.push(text)
    if (!this.#flowing) this.#stalled ??= setTimeout(() => this.destroy(stalledReader(this.#stall)), this.#stall)
  }

  #stopTimers(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#stalled)
  }
}

function stalledReader(milliseconds: number): EnvironmentError {
  return new EnvironmentError('streams.stalled', `the reader of an event stream took nothing for ${milliseconds} ms`, {
    retriable: true,
  })
}
