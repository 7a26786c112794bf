/** /v1/objects: what the server knows of objects and their resources. */
import { UsageError } from '../../base/errors.ts'
import { routes } from '../contract/routes.ts'
import { presentObject } from '../present.ts'
import type { Api, Context } from './context.ts'

export function objectRoutes(app: Api, { services: { objects } }: Context): void {
  app.route({
    ...routes.listObjects,
    handler: async () => ({
      objects: objects.list().map(({ id, name, versions }) => ({ id, name, versions: [...versions] })),
    }),
  })

  app.route({
    ...routes.readObject,
    handler: async ({ params: { id }, query: { version } }) => {
      const known = objects.versionsOf(id)
      const definition = version === undefined ? known.at(-1) : known.find((one) => one.version === version)
      if (definition !== undefined) return presentObject(definition)
      const which = version === undefined ? `object ${id}` : `version ${version} of object ${id}`
      throw new UsageError('object.unknown', `there is no definition of ${which}`, {
        status: 404,
        hint: "'coapstan objects' lists those there are; objects.directory takes your own",
        members: { versions: known.map((one) => one.version) },
      })
    },
  })
}
