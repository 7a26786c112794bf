/** /v1/bootstrap and /v1/devices/…/bootstrap: what devices are to hold, and how each came to it. */
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentOperation } from '../present.ts'
import { presentRun, presentTemplate } from '../present-bootstrap.ts'
import { preconditionOf } from '../revisions.ts'
import type { Api, Context } from './context.ts'

export function bootstrapRoutes(app: Api, { services: { bootstrap } }: Context): void {
  app.route({
    ...routes.listBootstrapTemplates,
    handler: async () => ({ templates: bootstrap.templates().map(presentTemplate) }),
  })

  app.route({
    ...routes.readBootstrapTemplate,
    handler: async ({ params }) => presentTemplate(bootstrap.template(params.name)),
  })

  app.route({
    ...routes.putBootstrapTemplate,
    handler: async ({ params, body, headers }, reply) => {
      const { template, created } = await bootstrap.put(params.name, body, preconditionOf(headers))
      return reply.status(created ? 201 : 200).send(presentTemplate(template))
    },
  })

  app.route({
    ...routes.removeBootstrapTemplate,
    handler: async ({ params, headers }, reply) => {
      await bootstrap.remove(params.name, preconditionOf(headers))
      return reply.status(204).send(null)
    },
  })

  app.route({
    ...routes.listBootstrapRuns,
    handler: async ({ query: { before, limit = defaultPageLimit, ...filter } }) => {
      const found = bootstrap.runs(filter, before, limit + 1)
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const hasNext = found.length > limit && last !== undefined
      return { runs: page.map(presentRun), ...(hasNext && { next: last.id }) }
    },
  })

  app.route({
    ...routes.readDeviceBootstrap,
    handler: async ({ params }) => presentRun(bootstrap.run(params.endpoint)),
  })

  app.route({
    ...routes.triggerBootstrap,
    handler: async ({ params, body }, reply) => {
      const operation = await bootstrap.trigger(params.endpoint, body.instance)
      return reply.status(202).header('location', `/v1/operations/${operation.id}`).send(presentOperation(operation))
    },
  })
}
