/** /v1/firmware-keys: public keys MCUboot images are signed with. */
import { routes } from '../contract/routes.ts'
import { presentSigningKey } from '../present-image.ts'
import type { Api, Context } from './context.ts'

export function signingKeyRoutes(app: Api, { services: { signingKeys } }: Context): void {
  app.route({
    ...routes.listSigningKeys,
    handler: async () => ({ keys: signingKeys.list().map(presentSigningKey) }),
  })

  app.route({
    ...routes.addSigningKey,
    handler: async ({ body }, reply) => reply.status(201).send(presentSigningKey(await signingKeys.add(body))),
  })

  app.route({
    ...routes.removeSigningKey,
    handler: async ({ params }, reply) => {
      await signingKeys.remove(params.name)
      return reply.status(204).send(null)
    },
  })
}
