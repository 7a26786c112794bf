/**
 * `/`: what a browser shows of the server, drawn anew by itself. It wants the token, too: a form takes it, and a cookie
 * opens these pages from then on, and nothing else. Nothing can be changed here, so nobody else's page can either.
 */
import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { UsageError } from '../../base/errors.ts'
import { between } from '../../base/time.ts'
import { durationText } from '../../base/duration-text.ts'
import { deviceStatuses } from '../contract/device.ts'
import { paths } from '../contract/paths.ts'
import { page, signIn } from '../page/frame.ts'
import { html, type Html } from '../page/html.ts'
import { devicePage, devicesListed, overviewPage } from '../page/overview.ts'
import type { Admission } from '../access.ts'
import type { Api, Context } from './context.ts'

const cookie = 'coapstan-viewer'
/** Seconds. */
const refresh = 30
/** Devices looked at for the counts by status. */
const devicesCounted = 1000
const campaignsShown = 10
const eventsShown = 20
const operationsShown = 20

const querystring = Type.Object({
  status: Type.Optional(Type.Enum([...deviceStatuses])),
  prefix: Type.Optional(Type.String({ maxLength: 255 })),
  device: Type.Optional(Type.String({ maxLength: 255 })),
})
const body = Type.Object({ token: Type.String({ maxLength: 512 }) })

export function pageRoutes(app: Api, context: Context, admission: Admission): void {
  const shown = (reply: FastifyReply, status: number, drawn: string): FastifyReply =>
    reply.status(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(drawn)
  const asked = (isWrong: boolean): string => page({ version: context.version, facts: [] }, signIn(isWrong))

  app.route({
    ...paths.page,
    schema: { hide: true, querystring },
    handler: async ({ headers, query }, reply) => {
      const key = keyIn(headers.cookie)
      if (key === undefined || !admission.isViewer(key)) return shown(reply, 200, asked(false))
      const around = { version: context.version, facts: factsOf(context), refresh }
      return shown(reply, 200, page(around, drawn(context, query)))
    },
  })

  // In a scope of its own: no other route takes a form.
  void app.register(async (scope: Api) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(text)))),
    )
    scope.route({
      ...paths.signIn,
      schema: { hide: true, body },
      handler: async (request, reply) => {
        const token = request.body.token.trim()
        if (!admission.isRight(`Bearer ${token}`)) {
          await admission.refusal(request, reply)
          return shown(reply, 401, asked(true))
        }
        return reply
          .header('set-cookie', `${cookie}=${admission.viewerKey}; Path=/; HttpOnly; SameSite=Strict`)
          .redirect(paths.page.url, 303)
      },
    })
  })
}

function keyIn(cookies = ''): string | undefined {
  const pair = cookies.split(';').find((one) => one.trim().startsWith(`${cookie}=`))
  return pair?.slice(pair.indexOf('=') + 1).trim()
}

function factsOf({ services, startedAt, now }: Context): (Html | string)[] {
  const { counts, listeners } = services.report()
  const obstacles = services.obstacles()
  return [
    obstacles.length === 0
      ? html`<span class="green">ready</span>`
      : html`<span class="red">${obstacles.join('; ')}</span>`,
    `${counts['devices'] ?? 0} devices`,
    `up for ${durationText(between(startedAt, now()))}`,
    ...listeners.map(({ protocol, port }) => `${protocol} ${port}`),
  ]
}

interface Query {
  readonly status?: (typeof deviceStatuses)[number]
  readonly prefix?: string
  readonly device?: string
}

function drawn({ services, now }: Context, { status, prefix = '', device: endpoint }: Query): Html {
  if (endpoint !== undefined) return oneDevice(services, endpoint, now())
  const wanted = prefix === '' ? {} : { prefix }
  const found = services.registry.list(wanted, { limit: devicesCounted })
  // Not only of those that were counted.
  const listed = status === undefined ? found : services.registry.list({ ...wanted, status }, { limit: devicesListed })
  return overviewPage(
    {
      counted: found.devices,
      listed: listed.devices,
      hasMore: found.next !== undefined,
      status,
      prefix,
      campaigns: services.campaigns.list(undefined, campaignsShown),
      events: services.events.latest({}, eventsShown),
    },
    now(),
  )
}

function oneDevice(services: Context['services'], endpoint: string, now: ReturnType<Context['now']>): Html {
  try {
    const device = services.registry.device(endpoint)
    const operations = services.operations.list({ endpoint }, undefined, operationsShown)
    const events = services.events.latest({ deviceId: device.id, endpoint }, eventsShown)
    return devicePage({ device, operations, events }, now)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return html`<section><p>${error.message}</p></section>`
  }
}
