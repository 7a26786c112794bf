/** /v1/objects: what the server knows of objects and their resources. */
import { UsageError } from '../../base/errors.ts'
import { routes } from '../contract/routes.ts'
import { presentObject } from '../present.ts'
import type { ObjectDefinition } from '../services.ts'
import { textBody, type TextBodyRules } from '../text-body.ts'
import type { Api, Context } from './context.ts'

const definitionRules: TextBodyRules = {
  // The parser of definitions has no higher one.
  limit: 4 * 1024 * 1024,
  tooLarge: { code: 'objects.too-large', hint: 'a registered definition has some ten thousand octets' },
  notText: 'objects.invalid',
}

export function objectRoutes(app: Api, { services: { objects } }: Context): void {
  app.route({
    ...routes.validateObjects,
    bodyLimit: definitionRules.limit,
    handler: async ({ raw }) => {
      const { definitions, problems } = objects.validate(await textBody(raw, definitionRules))
      return { objects: definitions.map(summaryOf), problems: problems.map((problem) => ({ ...problem })) }
    },
  })

  app.route({
    ...routes.reloadObjects,
    handler: async () => {
      const { objects: count, files } = objects.reload()
      return { objects: count, files: files.map(({ file, problems }) => ({ file, problems: [...problems] })) }
    },
  })

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

function summaryOf({ id, name, version }: ObjectDefinition) {
  return { id, name, version }
}
