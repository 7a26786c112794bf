/** /v1/devices: what the operator owns, and what the operator says of it. */
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentDevice } from '../present.ts'
import { preconditionOf } from '../revisions.ts'
import type { Api, Context } from './context.ts'

export function deviceRoutes(app: Api, { services: { registry } }: Context): void {
  app.route({
    ...routes.listDevices,
    handler: async ({ query: { tag, cursor, limit = defaultPageLimit, ...filter } }) => {
      const page = registry.list(
        { ...filter, ...(tag && { tags: tagsOf(tag) }) },
        { limit, ...(cursor !== undefined && { cursor }) },
      )
      return { devices: page.devices.map(presentDevice), ...(page.next !== undefined && { next: page.next }) }
    },
  })

  app.route({ ...routes.readDevice, handler: async ({ params }) => presentDevice(registry.device(params.endpoint)) })

  app.route({
    ...routes.putDevice,
    handler: async ({ params: { endpoint }, body, headers }, reply) => {
      const isNew = registry.find(endpoint) === undefined
      const wish = { mustExist: false, replaces: true, precondition: preconditionOf(headers) }
      const device = await registry.put(endpoint, body, wish)
      return reply.status(isNew ? 201 : 200).send(presentDevice(device))
    },
  })

  app.route({
    ...routes.patchDevice,
    handler: async ({ params: { endpoint }, body, headers }) =>
      presentDevice(await registry.put(endpoint, body, { mustExist: true, precondition: preconditionOf(headers) })),
  })

  app.route({
    ...routes.deleteDevice,
    handler: async ({ params, headers }, reply) => {
      await registry.delete(params.endpoint, preconditionOf(headers))
      return reply.status(204).send(null)
    },
  })
}

/** `site=berlin` → { site: 'berlin' }; the schema has seen to the form. */
function tagsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
