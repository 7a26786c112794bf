/** /v1/firmware-deltas: what makes one image out of another. */
import { routes } from '../contract/routes.ts'
import { presentDelta } from '../present-image.ts'
import type { Api, Context } from './context.ts'
import { octetsOf } from './images.ts'

export function deltaRoutes(app: Api, { services: { deltas }, settings }: Context): void {
  app.route({
    ...routes.listDeltas,
    handler: async ({ query }) => ({ deltas: deltas.list(query.to).map(presentDelta) }),
  })

  app.route({
    ...routes.addDelta,
    bodyLimit: settings['firmware.image-limit'],
    handler: async ({ query, headers, raw }, reply) => {
      const delta = await deltas.add(query, octetsOf(raw, headers, settings['firmware.image-limit']))
      return reply.status(201).send(presentDelta(delta))
    },
  })

  app.route({ ...routes.makeDelta, handler: async ({ body }) => presentDelta(await deltas.make(body)) })

  app.route({
    ...routes.removeDelta,
    handler: async ({ params }, reply) => {
      await deltas.remove(params.key)
      return reply.status(204).send(null)
    },
  })
}
