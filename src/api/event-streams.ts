/**
 * Everyone who follows something: what happens in the fleet, and whatever else has a feed. Keeps to one
 * limit for all of them and ends them together. Knows nothing of routes.
 */
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { eventStreamMediaType } from './contract/event.ts'
import { isWanted } from '../fleet/events/rules.ts'
import type { EventFilter } from '../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../fleet/events/types.ts'
import { LiveStream, type Feed, type StreamLimits } from './live-stream.ts'
import { jsonOf, presentEvent } from './present.ts'
import type { EventsCalls } from './services.ts'

/** Whether the request is for a stream instead of a page; one for the head alone (RFC 9110 §9.3.2) never is. */
export function isForStream({ method, headers: { accept } }: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  return method === 'GET' && accept?.includes(eventStreamMediaType) === true
}

/** Events read from the store at a time. */
const replayPage = 200

export class EventStreams {
  readonly #events: EventsCalls
  readonly #limits: StreamLimits
  readonly #log: Log
  readonly #open = new Set<{ finish(): void }>()
  readonly #followers = new Map<LiveStream<FleetEvent>, EventFilter>()
  readonly #unsubscribe: () => void

  constructor(events: EventsCalls, limits: StreamLimits, log: Log) {
    this.#events = events
    this.#limits = limits
    this.#log = log
    this.#unsubscribe = events.subscribe((event) => {
      for (const [stream, filter] of this.#followers) if (isWanted(event, filter)) stream.offer(event)
    })
  }

  get count(): number {
    return this.#open.size
  }

  /** Events from `after` on, else from now on. Throws EnvironmentError 'streams.too-many'. */
  open(filter: EventFilter, after: EventId | undefined): Readable {
    const feed: Feed<FleetEvent> = {
      page: replayPage,
      since: (last) => this.#events.list(filter, last, replayPage),
      frame: (event) => ({ event: event.kind, data: jsonOf(presentEvent(event)) }),
    }
    const stream = this.openFeed(feed, after ?? this.#events.latest({}, 1)[0]?.id ?? 0)
    this.#followers.set(stream, filter)
    stream.on('close', () => this.#followers.delete(stream))
    return stream
  }

  /** Of anything, from `after` on; the caller offers what comes. Throws EnvironmentError 'streams.too-many'. */
  openFeed<T extends { readonly id: number }>(feed: Feed<T>, after: number): LiveStream<T> {
    if (this.#open.size >= this.#limits.streams) {
      throw new EnvironmentError('streams.too-many', 'too many event streams are open', { retriable: true })
    }
    const stream = new LiveStream(feed, after, this.#limits)
    this.#open.add(stream)
    stream.on('error', (error) => this.#log.info({ reason: error.message }, 'an event stream was ended'))
    stream.on('close', () => this.#open.delete(stream))
    return stream
  }

  /** Ends every stream; readers see an orderly end and come back later. */
  close(): void {
    this.#unsubscribe()
    for (const stream of this.#open) stream.finish()
  }
}
