/** /v1/devices/…/observations and /v1/observation-rules: what is to be observed, and whether it is. */
import { routes } from '../contract/routes.ts'
import { presentObservation, presentObservationRule } from '../present.ts'
import type { Api, Context } from './context.ts'

export function observationRoutes(app: Api, { services: { observations, observationRules } }: Context): void {
  app.route({
    ...routes.listObservations,
    handler: async ({ params }) => ({ observations: observations.list(params.endpoint).map(presentObservation) }),
  })

  app.route({
    ...routes.listObservationRules,
    handler: async () => ({ rules: observationRules.list().map(presentObservationRule) }),
  })

  app.route({
    ...routes.addObservationRule,
    handler: async ({ body: { tags = {}, ...draft } }) =>
      presentObservationRule(await observationRules.add({ ...draft, tags })),
  })

  app.route({
    ...routes.removeObservationRule,
    handler: async ({ params }, reply) => {
      await observationRules.remove(params.id)
      return reply.status(204).send(null)
    },
  })
}
