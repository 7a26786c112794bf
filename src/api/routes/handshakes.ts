/** /v1/handshakes: who came, and why it did not work. */
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentHandshake } from '../present-credential.ts'
import type { Api, Context } from './context.ts'

export function handshakeRoutes(app: Api, { services: { handshakes } }: Context): void {
  app.route({
    ...routes.listHandshakes,
    handler: async ({ query: { failed, limit = defaultPageLimit } }) => {
      const { completed, failed: failures, faults } = handshakes.counts()
      return {
        handshakes: handshakes.list(failed === undefined ? {} : { failed }, limit).map(presentHandshake),
        counts: { completed, failed: failures, faults: { ...faults } },
      }
    },
  })
}
