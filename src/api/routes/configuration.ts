/** /v1/devices/{endpoint}/config: the document a device fetches from /config. */
import { isoOf } from '../present.ts'
import type { ObservedConfiguration } from '../../fleet/configuration/types.ts'
import type { ConfigurationJson } from '../contract/configuration.ts'
import { routes } from '../contract/routes.ts'
import type { Api, Context } from './context.ts'

export function configurationRoutes(app: Api, { services: { configuration } }: Context): void {
  app.route({
    ...routes.readConfiguration,
    handler: async ({ params: { endpoint } }) => present(endpoint, configuration.read(endpoint)),
  })

  app.route({
    ...routes.setConfiguration,
    handler: async ({ params: { endpoint }, body: { document } }) =>
      present(endpoint, await configuration.set(endpoint, JSON.stringify(document))),
  })

  app.route({
    ...routes.removeConfiguration,
    handler: async ({ params: { endpoint } }, reply) => {
      await configuration.remove(endpoint)
      return reply.status(204).send(null)
    },
  })
}

function present(endpoint: string, { document, changedAt, observers }: ObservedConfiguration): ConfigurationJson {
  return { endpoint, document: JSON.parse(document) as unknown, changedAt: isoOf(changedAt), observers }
}
