/** /v1/devices/{endpoint}/config: the document a device fetches from /config. */
import { isoOf } from '../present.ts'
import { configurationRevision } from '../../fleet/configuration/revision.ts'
import type { ObservedConfiguration } from '../../fleet/configuration/types.ts'
import type { ConfigurationJson } from '../contract/configuration.ts'
import { routes } from '../contract/routes.ts'
import { preconditionOf } from '../revisions.ts'
import type { Api, Context } from './context.ts'

export function configurationRoutes(app: Api, { services: { configuration } }: Context): void {
  app.route({
    ...routes.readConfiguration,
    handler: async ({ params: { endpoint } }) => present(endpoint, configuration.read(endpoint)),
  })

  app.route({
    ...routes.setConfiguration,
    handler: async ({ params: { endpoint }, body: { document }, headers }) =>
      present(endpoint, await configuration.set(endpoint, JSON.stringify(document), preconditionOf(headers))),
  })

  app.route({
    ...routes.removeConfiguration,
    handler: async ({ params: { endpoint }, headers }, reply) => {
      await configuration.remove(endpoint, preconditionOf(headers))
      return reply.status(204).send(null)
    },
  })
}

function present(endpoint: string, configuration: ObservedConfiguration): ConfigurationJson {
  const { document, changedAt, observers } = configuration
  return {
    endpoint,
    document: JSON.parse(document) as unknown,
    revision: configurationRevision(configuration),
    changedAt: isoOf(changedAt),
    observers,
  }
}
