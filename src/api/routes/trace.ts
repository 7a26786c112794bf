/** /v1/devices/{endpoint}/trace: the flight recorder, as a list, as a stream, as a capture. */
import type { FastifyReply } from 'fastify'
import { captureOf } from '../capture.ts'
import { eventStreamMediaType } from '../contract/event.ts'
import { routes } from '../contract/routes.ts'
import { captureMediaType } from '../contract/trace.ts'
import { isForStream } from '../event-streams.ts'
import { jsonOf, presentTraced } from '../present.ts'
import type { TracedDatagram } from '../services.ts'
import type { Api, Context } from './context.ts'

/** Datagrams a slow reader of a stream may fall behind. */
const recentLimit = 256

export function traceRoutes(app: Api, { services: { registry, trace }, streams }: Context): void {
  /** Of a device there is; throws UsageError 'device.unknown' for any other. */
  const traceOf = async (endpoint: string): Promise<readonly TracedDatagram[]> => {
    registry.device(endpoint)
    return trace.datagrams(endpoint)
  }

  app.route({
    ...routes.trace,
    handler: async (request, reply) => {
      const { endpoint } = request.params
      const { after } = request.query
      const all = await traceOf(endpoint)
      const next = all.at(-1)?.id ?? after ?? 0
      if (!isForStream(request)) {
        return { endpoint, datagrams: all.filter(({ id }) => id > (after ?? 0)).map(presentTraced), next }
      }
      const recent = [...all]
      const feed = {
        page: Number.POSITIVE_INFINITY, // all there is, is little
        since: (last: number) => recent.filter(({ id }) => id > last),
        frame: (datagram: TracedDatagram) => ({ event: 'datagram', data: jsonOf(presentTraced(datagram)) }),
      }
      const stream = streams.openFeed(feed, request.headers['last-event-id'] ?? after ?? next)
      stream.on(
        'close',
        trace.follow(endpoint, (datagram) => {
          recent.push(datagram)
          if (recent.length > recentLimit) recent.shift()
          stream.offer(datagram)
        }),
      )
      // The table describes the list; a stream has no schema.
      const untyped: FastifyReply = reply
      return untyped.type(eventStreamMediaType).header('cache-control', 'no-store').send(stream)
    },
  })

  app.route({
    ...routes.traceCapture,
    handler: async ({ params: { endpoint } }, reply) => {
      const capture = captureOf(await traceOf(endpoint), trace.localAddress())
      const untyped: FastifyReply = reply
      return untyped.type(captureMediaType).send(capture)
    },
  })
}
