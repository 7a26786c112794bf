/** /v1/credentials: what devices prove themselves with. No answer but that of a key just made has a secret in it. */
import { UsageError } from '../../base/errors.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentCredential, presentImport } from '../present-credential.ts'
import { textBody } from '../text-body.ts'
import type { Api, Context } from './context.ts'

export function credentialRoutes(app: Api, { services: { credentials }, settings }: Context): void {
  app.route({
    ...routes.listCredentials,
    handler: async ({ query: { after, limit = defaultPageLimit, ...filter } }) => {
      const found = credentials.list(filter, { limit: limit + 1, ...(after !== undefined && { after }) })
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const hasNext = found.length > limit && last !== undefined
      return { credentials: page.map(presentCredential), ...(hasNext && { next: last.id }) }
    },
  })

  app.route({
    ...routes.addCredential,
    handler: async ({ body: { kind = 'psk', ...draft } }, reply) => {
      const { credential, ...rest } = await credentials.add({ kind, ...draft })
      return reply
        .status(201)
        .header('cache-control', 'no-store')
        .header('location', `/v1/credentials/${credential.id}`)
        .send({ credential: presentCredential(credential), ...rest })
    },
  })

  app.route({
    ...routes.importCredentials,
    bodyLimit: settings['credentials.import-limit'],
    handler: async ({ query, headers, raw }) => {
      if (!headers['content-type']?.startsWith('application/octet-stream')) {
        throw new UsageError('request.media-type', 'a file of keys is sent as application/octet-stream', {
          status: 415,
        })
      }
      const csv = await textBody(raw, {
        limit: settings['credentials.import-limit'],
        tooLarge: { code: 'credentials.too-large', hint: 'send it in parts; credentials.import-limit is the knob' },
        notText: 'credentials.csv',
      })
      return presentImport(await credentials.import(csv, query))
    },
  })

  app.route({
    ...routes.readCredential,
    handler: async ({ params }) => presentCredential(credentials.credential(params.credential)),
  })

  app.route({
    ...routes.rotateCredential,
    handler: async ({ params, body }, reply) => {
      const { credential, ...rest } = await credentials.rotate(params.credential, body)
      return reply.header('cache-control', 'no-store').send({ credential: presentCredential(credential), ...rest })
    },
  })

  app.route({
    ...routes.revokeCredential,
    handler: async ({ params }) => {
      const revoked = await credentials.revoke(params.credential)
      return { revoked: revoked.map(presentCredential) }
    },
  })
}
