/** /v1/devices: what the operator owns, and what the operator says of it. */
import type { DevicePatch } from '../../fleet/commands.ts'
import type { DeviceWithStatus } from '../../fleet/registry/types.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentDevice } from '../present.ts'
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
    handler: async ({ params: { endpoint }, body }, reply) => {
      const known = registry.find(endpoint)
      const device = await registry.put(endpoint, replacing(known, body), false)
      return reply.status(known === undefined ? 201 : 200).send(presentDevice(device))
    },
  })

  app.route({
    ...routes.patchDevice,
    handler: async ({ params, body }) => presentDevice(await registry.put(params.endpoint, body, true)),
  })

  app.route({
    ...routes.deleteDevice,
    handler: async ({ params }, reply) => {
      await registry.delete(params.endpoint)
      return reply.status(204).send(null)
    },
  })
}

/** `site=berlin` → { site: 'berlin' }; the schema has seen to the form. */
function tagsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** A PUT as a patch: what it does not name is taken away. */
function replacing(known: DeviceWithStatus | undefined, wanted: DevicePatch): DevicePatch {
  const goneTags = Object.fromEntries(Object.keys(known?.tags ?? {}).map((name) => [name, null]))
  return {
    product: wanted.product ?? null,
    tags: { ...goneTags, ...wanted.tags },
    profile: wanted.profile ?? null,
    retired: wanted.retired ?? false,
  }
}
