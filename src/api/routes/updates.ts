/** /v1/devices/…/firmware and /v1/firmware-updates: one device's way to another firmware. */
import { UsageError } from '../../base/errors.ts'
import { seconds } from '../../base/time.ts'
import type { UpdateStartJson } from '../contract/firmware.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentUpdate } from '../present.ts'
import type { Api, Context } from './context.ts'

function wishOf({ target, push, via, delta, healthWindow, healthUplinks }: UpdateStartJson) {
  const health = {
    ...(healthWindow === undefined ? {} : { window: seconds(healthWindow) }),
    ...(healthUplinks === undefined ? {} : { uplinks: healthUplinks }),
  }
  const options = {
    ...(push === true ? { push } : {}),
    ...(via === undefined ? {} : { via }),
    ...(Object.keys(health).length === 0 ? {} : { health }),
  }
  return {
    ...(delta === undefined ? {} : { delta }),
    ...(target === undefined ? {} : { target }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}

export function updateRoutes(app: Api, { services: { firmware, registry } }: Context): void {
  app.route({
    ...routes.startUpdate,
    handler: async ({ params, body }, reply) => {
      const update = await firmware.start(params.endpoint, body.image, wishOf(body))
      return reply.status(202).header('location', `/v1/firmware-updates/${update.id}`).send(presentUpdate(update))
    },
  })

  app.route({
    ...routes.readDeviceUpdate,
    handler: async ({ params: { endpoint } }) => {
      registry.device(endpoint)
      const newest = firmware.updates(endpoint, 1)[0]
      if (newest !== undefined) return presentUpdate(newest)
      throw new UsageError('update.none', `no firmware update was ever started for ${endpoint}`, { status: 404 })
    },
  })

  app.route({
    ...routes.cancelUpdate,
    handler: async ({ params }) => presentUpdate(await firmware.cancel(params.endpoint)),
  })

  app.route({
    ...routes.listUpdates,
    handler: async ({ query: { endpoint, limit = defaultPageLimit } }) => {
      if (endpoint !== undefined) registry.device(endpoint)
      return { updates: firmware.updates(endpoint, limit).map(presentUpdate) }
    },
  })

  app.route({ ...routes.readUpdate, handler: async ({ params }) => presentUpdate(firmware.update(params.id)) })
}
