/**
 * The HTTP API: Fastify with our schemas, our problems and our limits around the routes. Listens on
 * nothing itself; the server does that, and ends it with `close`.
 */
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyReply } from 'fastify'
import { InvariantError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { guard } from './access.ts'
import { paths } from './contract/paths.ts'
import { problemMediaType, type ProblemJson } from './contract/problem.ts'
import { EventStreams } from './event-streams.ts'
import type { ExposedMetrics } from './metrics.ts'
import { openapiOptions } from './openapi.ts'
import { jsonOf } from './present.ts'
import { answerOf, problemOf, type Answer } from './problems.ts'
import type { Api, Context } from './routes/context.ts'
import { campaignRoutes } from './routes/campaigns.ts'
import { bootstrapRoutes } from './routes/bootstrap.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { configurationRoutes } from './routes/configuration.ts'
import { deviceRoutes } from './routes/devices.ts'
import { eventRoutes } from './routes/events.ts'
import { handshakeRoutes } from './routes/handshakes.ts'
import { imageRoutes } from './routes/images.ts'
import { objectRoutes } from './routes/objects.ts'
import { observationRoutes } from './routes/observations.ts'
import { operationRoutes } from './routes/operations.ts'
import { serverRoutes } from './routes/server.ts'
import { deltaRoutes } from './routes/deltas.ts'
import { pageRoutes } from './routes/page.ts'
import { signingKeyRoutes } from './routes/signing-keys.ts'
import { traceRoutes } from './routes/trace.ts'
import { updateRoutes } from './routes/updates.ts'
import { tagAnswers } from './revisions.ts'
import type { Services } from './services.ts'
import { OperationWaits } from './waits.ts'

export interface HttpApiOptions {
  readonly services: Services
  /** The bearer token all of /v1 and /metrics want. */
  readonly token: string
  readonly settings: Settings
  readonly log: Log
  readonly metrics: ExposedMetrics
  readonly version: string
  readonly now: () => Instant
  /** Our own bug came to light in a request: the process has to end (ARCHITECTURE §6). */
  readonly fatal: (error: InvariantError) => void
}

/** An endpoint name of 255 octets, each of them percent-encoded. */
const pathPartLimit = 3 * 255
/** Milliseconds a connection may be silent; more than any wait and any heartbeat. */
const idleConnectionLimit = 15 * 60_000
/** Milliseconds a whole request may take to arrive; an image of 64 MiB does at 90 kB/s. */
const requestArrivalLimit = 12 * 60_000

/** Ready to `listen` or `inject` once awaited; `close` lets waiting requests and streams go first. */
export async function createHttpApi(options: HttpApiOptions): Promise<Api> {
  const { services, settings, log, metrics } = options
  const app: Api = Fastify({
    logger: false,
    exposeHeadRoutes: true,
    bodyLimit: settings['http.body-limit'],
    connectionTimeout: idleConnectionLimit,
    requestTimeout: requestArrivalLimit,
    routerOptions: { maxParamLength: pathPartLimit },
    frameworkErrors: (error, _request, reply) => void answer(reply, answerOf(error, log)),
    clientErrorHandler: (error, socket) => {
      // Not HTTP: there is no request to answer as usual.
      if (socket.writable) socket.end(rawProblem(error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400))
      else socket.destroy()
    },
  })
  app.server.maxConnections = settings['http.connections']
  app.removeContentTypeParser('text/plain')
  toleranceOfNoBody(app)
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  // What a handler returns is checked by the compiler and by tests; here it only becomes text.
  app.setSerializerCompiler(() => jsonOf)

  const context: Context = {
    services,
    settings,
    metrics,
    version: options.version,
    now: options.now,
    startedAt: options.now(),
    waits: new OperationWaits(services, settings['http.waiters']),
    streams: new EventStreams(
      services.events,
      {
        streams: settings['http.streams'],
        stall: settings['http.stream-stall'],
        heartbeat: settings['http.stream-heartbeat'],
      },
      log,
    ),
  }
  app.addHook('preClose', () => {
    context.waits.close()
    context.streams.close()
  })

  // The page works over plain HTTP, too: there is no HTTPS here to be upgraded to.
  await app.register(helmet, { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
  await app.register(swagger, openapiOptions(options.version))
  countAnswers(app, options)
  tagAnswers(app)
  const admission = await guard(app, options.token, settings['http.refusals-per-minute'])
  app.setErrorHandler(async (error, _request, reply) => {
    if (error instanceof InvariantError) options.fatal(error)
    return answer(reply, answerOf(error, log))
  })
  app.setNotFoundHandler(async ({ method, url }, reply) => answer(reply, unrouted(method, url)))

  for (const add of [
    deviceRoutes,
    configurationRoutes,
    observationRoutes,
    operationRoutes,
    imageRoutes,
    signingKeyRoutes,
    deltaRoutes,
    updateRoutes,
    campaignRoutes,
    traceRoutes,
    bootstrapRoutes,
    credentialRoutes,
    handshakeRoutes,
    eventRoutes,
    objectRoutes,
    serverRoutes,
  ]) {
    add(app, context)
  }
  pageRoutes(app, context, admission)
  await app.ready()
  return app
}

/** Clients name the type of bodies they do not send, as with DELETE; where one is wanted, the schema says that it is missing. */
function toleranceOfNoBody(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, String(body), done)
  })
}

function answer(reply: FastifyReply, { problem, headers }: Answer): FastifyReply {
  return reply.status(problem.status).headers(headers).type(problemMediaType).send(jsonOf(problem))
}

/** 405 where the path is right and the method is not (RFC 9110 §15.5.6), else 404. */
function unrouted(method: string, url: string): Answer {
  const path = url.split('?', 1)[0]!
  const allowed = Object.values(paths).flatMap((route) => (patternOf(route.url).test(path) ? [route.method] : []))
  if (allowed.length === 0) {
    const hint = 'GET /v1/openapi.json lists what there is'
    return { problem: problemOf(404, 'route.unknown', `there is nothing at ${path}`, { hint }), headers: {} }
  }
  // What can be read can be looked at, too (RFC 9110 §9.1).
  const allow = [...new Set(allowed.flatMap((one) => (one === 'GET' ? [one, 'HEAD'] : [one])))].join(', ')
  const detail = `${method} is not allowed at ${path}, only ${allow}`
  return { problem: problemOf(405, 'route.method', detail), headers: { allow } }
}

function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}/?$`)
}

function rawProblem(status: 400 | 431): string {
  const problem: ProblemJson = problemOf(status, 'request.invalid', 'this is not a request HTTP/1.1 knows')
  const body = jsonOf(problem)
  return [
    `HTTP/1.1 ${status} ${problem.title}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

function countAnswers(app: Api, { log, metrics }: HttpApiOptions): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const status = `${Math.floor(reply.statusCode / 100)}xx`
    metrics
      .counter('coapstan_http_requests_total', 'HTTP requests answered', { method: request.method, route, status })
      .add()
    log.debug(
      { method: request.method, route, status: reply.statusCode, milliseconds: Math.round(reply.elapsedTime) },
      'answered an HTTP request',
    )
  })
}
