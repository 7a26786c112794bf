/**
 * Who may call: everybody who shows the bearer token (RFC 6750), nobody else; addresses that keep showing
 * a wrong one are slowed down. A right token is never locked out by somebody else's wrong ones.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UsageError } from '../base/errors.ts'
import { paths } from './contract/paths.ts'
import type { Api } from './routes/context.ts'
import { bearerCheck, viewerKeyOf } from './token.ts'

/** Addresses whose failures are counted; beyond it the oldest is forgotten. */
const countedAddresses = 10_000

/** What tells nothing of the fleet, or looks for itself. */
const open: ReadonlySet<string> = new Set([paths.health.url, paths.readiness.url, paths.openapi.url, paths.page.url])

export interface Admission {
  /** Of an Authorization header. */
  isRight(authorization: string | undefined): boolean
  /** Of what a browser keeps, `viewerKey`. */
  isViewer(key: string): boolean
  readonly viewerKey: string
  /** Counts a wrong token; throws UsageError 'token.too-many-failures' (429) where there were too many. */
  refusal(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

export async function guard(app: Api, token: string, refusalsPerMinute: number): Promise<Admission> {
  await app.register(rateLimit, { global: false, cache: countedAddresses })
  const countRefusal = app.createRateLimit({ max: refusalsPerMinute, timeWindow: 60_000 })
  const isRight = bearerCheck(token)

  const refusal: Admission['refusal'] = async (request, reply) => {
    const count = await countRefusal(request)
    if (!count.isAllowed && count.isExceeded) throw tooMany(reply, count.ttlInSeconds)
  }

  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    if (isRight(request.headers.authorization) || (url !== undefined && open.has(url))) return
    await refusal(request, reply)
    throw refused(reply, request.headers.authorization !== undefined)
  })
  const viewerKey = viewerKeyOf(token)
  const isViewerKey = bearerCheck(viewerKey)
  return { isRight, viewerKey, isViewer: (key) => isViewerKey(`Bearer ${key}`), refusal }
}

function tooMany(reply: FastifyReply, seconds: number): UsageError {
  reply.header('retry-after', String(seconds))
  return new UsageError('token.too-many-failures', 'too many requests with a wrong token came from this address', {
    status: 429,
    hint: `wait ${seconds} s and send the right token`,
  })
}

function refused(reply: FastifyReply, shown: boolean): UsageError {
  reply.header('www-authenticate', shown ? 'Bearer realm="coapstan", error="invalid_token"' : 'Bearer realm="coapstan"')
  return new UsageError(
    shown ? 'token.wrong' : 'token.missing',
    shown ? 'the bearer token is not the one of this server' : 'this needs a bearer token',
    { status: 401, hint: 'send `Authorization: Bearer <token>` with the content of api-token in the data directory' },
  )
}
