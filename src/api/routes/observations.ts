/** /v1/devices/…/observations: what is to be observed on a device, and whether it is. */
import { routes } from '../contract/routes.ts'
import { presentObservation } from '../present.ts'
import type { Api, Context } from './context.ts'

export function observationRoutes(app: Api, { services: { observations } }: Context): void {
  app.route({
    ...routes.listObservations,
    handler: async ({ params }) => ({ observations: observations.list(params.endpoint).map(presentObservation) }),
  })
}
