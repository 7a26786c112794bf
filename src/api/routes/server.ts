/** What the server says of itself: status, health, readiness, metrics, and its own description. */
import { UsageError } from '../../base/errors.ts'
import { between } from '../../base/time.ts'
import { paths } from '../contract/paths.ts'
import { routes } from '../contract/routes.ts'
import { isoOf } from '../present.ts'
import type { Api, Context } from './context.ts'

export function serverRoutes(app: Api, context: Context): void {
  const { services, metrics, waits, streams } = context
  const counts = (): Record<string, number> => ({
    ...services.report().counts,
    waits: waits.count,
    eventStreams: streams.count,
  })

  app.route({
    ...routes.status,
    handler: async () => {
      const now = context.now()
      return {
        version: context.version,
        startedAt: isoOf(context.startedAt),
        now: isoOf(now),
        uptimeSeconds: Math.round(between(context.startedAt, now) / 1000),
        counts: counts(),
        listeners: services.report().listeners.map((listener) => ({ ...listener })),
      }
    },
  })

  app.route({ ...routes.health, handler: async () => ({ status: 'ok' as const }) })

  app.route({
    ...routes.readiness,
    handler: async () => {
      const reasons = services.obstacles()
      if (reasons.length === 0) return { status: 'ok' as const }
      throw new UsageError('server.not-ready', reasons.join('; '), { status: 503, members: { reasons } })
    },
  })

  app.route({
    ...paths.metrics,
    schema: { hide: true },
    handler: async (_request, reply) => {
      for (const [name, count] of Object.entries(counts())) {
        metrics.gauge('coapstan_count', 'What there is of each thing now', { of: name }).set(count)
      }
      return reply.type(metrics.contentType).send(await metrics.exposition(services.report().samples))
    },
  })

  app.route({ ...paths.openapi, schema: { hide: true }, handler: async () => app.swagger() })
}
