/**
 * Server-sent events (HTML Living Standard §9.2): everyone who follows what happens. A stream is told of
 * an event as it comes while its reader keeps up; one that fell behind, or resumes, reads the store from
 * where it stands, so a slow reader costs a page of memory and never a queue. Knows nothing of routes.
 */
import { Readable } from 'node:stream'
import { EnvironmentError, UsageError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { EventFilter } from '../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../fleet/events/types.ts'
import { jsonOf, presentEvent } from './present.ts'
import type { EventsCalls } from './services.ts'

export interface StreamLimits {
  readonly streams: number
  /** Milliseconds a reader may take nothing. */
  readonly stall: number
  /** Milliseconds between comments. */
  readonly heartbeat: number
}

/** Events read from the store at a time. */
const replayPage = 200
/** Octets that wait in a stream for its reader, besides the one event that crosses the mark. */
const buffered = 64 * 1024
/** Milliseconds a client is told to wait before it connects again. */
const reconnectAfter = 2000

export class EventStreams {
  readonly #events: EventsCalls
  readonly #limits: StreamLimits
  readonly #log: Log
  readonly #streams = new Set<EventStream>()
  readonly #unsubscribe: () => void

  constructor(events: EventsCalls, limits: StreamLimits, log: Log) {
    this.#events = events
    this.#limits = limits
    this.#log = log
    this.#unsubscribe = events.subscribe((event) => {
      for (const stream of this.#streams) stream.offer(event)
    })
  }

  get count(): number {
    return this.#streams.size
  }

  /** From `after` on, else from now on. Throws EnvironmentError 'streams.too-many'. */
  open(filter: EventFilter, after: EventId | undefined): Readable {
    if (this.#streams.size >= this.#limits.streams) {
      throw new EnvironmentError('streams.too-many', 'too many event streams are open', { retriable: true })
    }
    const start = after ?? this.#events.latest({}, 1)[0]?.id ?? 0
    const stream = new EventStream(this.#events, filter, start, this.#limits)
    this.#streams.add(stream)
    stream.on('error', (error) => this.#log.info({ reason: error.message }, 'an event stream was ended'))
    stream.on('close', () => this.#streams.delete(stream))
    return stream
  }

  /** Ends every stream; readers see an orderly end and come back later. */
  close(): void {
    this.#unsubscribe()
    for (const stream of this.#streams) stream.finish()
  }
}

class EventStream extends Readable {
  readonly #events: EventsCalls
  readonly #filter: EventFilter
  readonly #stall: number
  readonly #heartbeat: NodeJS.Timeout
  #stalled: NodeJS.Timeout | undefined
  #last: EventId
  /** The reader takes more. */
  #flowing = false
  /** Everything committed up to now has been handed on; the next event can come straight. */
  #current = false
  #finished = false

  constructor(events: EventsCalls, filter: EventFilter, after: EventId, limits: StreamLimits) {
    super({ highWaterMark: buffered })
    this.#events = events
    this.#filter = filter
    this.#last = after
    this.#stall = limits.stall
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeat)
    this.#send(`retry: ${reconnectAfter}\n\n`)
  }

  offer(event: FleetEvent): void {
    if (event.id <= this.#last || this.#finished || !passes(event, this.#filter)) return
    if (this.#flowing && this.#current) this.#sendEvent(event)
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

  /** Hands on one page from the store; the rest comes in later turns, so that one reader never holds up all. */
  #replay(): void {
    if (this.#current || this.#finished || this.destroyed) return
    try {
      const page = this.#events.list(this.#filter, this.#last, replayPage)
      for (const event of page) {
        if (!this.#flowing) return
        this.#sendEvent(event)
      }
      this.#current = page.length < replayPage
      if (this.#flowing && !this.#current) setImmediate(() => this.#replay())
    } catch (error) {
      this.destroy(error instanceof Error ? error : new UsageError('events.unreadable', String(error)))
    }
  }

  #sendEvent(event: FleetEvent): void {
    this.#last = event.id
    this.#send(`id: ${event.id}\nevent: ${event.kind}\ndata: ${jsonOf(presentEvent(event))}\n\n`)
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

function passes(event: FleetEvent, filter: EventFilter): boolean {
  if (filter.deviceId !== undefined && event.deviceId !== filter.deviceId) return false
  return filter.kinds === undefined || filter.kinds.includes(event.kind)
}
