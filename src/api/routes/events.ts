/** /v1/events: what happened, as a page or as a stream. */
import type { FastifyReply } from 'fastify'
import type { EventFilter } from '../../fleet/events/store.ts'
import type { EndpointName } from '../../fleet/registry/types.ts'
import { eventStreamMediaType } from '../contract/event.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { isForStream } from '../event-streams.ts'
import { presentEvent } from '../present.ts'
import type { Api, Context } from './context.ts'

export function eventRoutes(app: Api, { services: { events, registry }, streams }: Context): void {
  /** Of a device, or of one that only knocked. Throws UsageError 'device.unknown' where nobody of the name did. */
  const whose = (endpoint: EndpointName): EventFilter => {
    const device = registry.find(endpoint)
    if (device !== undefined) return { endpoint, deviceId: device.id }
    return events.latest({ endpoint }, 1).length > 0 ? { endpoint } : { deviceId: registry.device(endpoint).id }
  }

  app.route({
    ...routes.events,
    handler: async (request, reply) => {
      const { endpoint, kind, after, limit = defaultPageLimit } = request.query
      const filter: EventFilter = {
        ...(endpoint !== undefined && whose(endpoint)),
        ...(kind !== undefined && { kinds: kind }),
      }
      if (isForStream(request)) {
        const stream = streams.open(filter, request.headers['last-event-id'] ?? after)
        // The table describes the page; a stream has no schema.
        const untyped: FastifyReply = reply
        return untyped.type(eventStreamMediaType).header('cache-control', 'no-store').send(stream)
      }
      const page = after === undefined ? events.latest(filter, limit) : events.list(filter, after, limit)
      return { events: page.map(presentEvent), next: page.at(-1)?.id ?? after ?? 0 }
    },
  })
}
