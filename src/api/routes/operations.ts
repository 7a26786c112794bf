/** /v1/operations and /v1/devices/…/operations: what is asked of devices and what becomes of it. */
import type { FastifyReply } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { instantOf } from '../../base/time.ts'
import { millisecondsOf } from '../../config/load.ts'
import type { Operation, OperationDraft } from '../../fleet/operations/types.ts'
import type { OperationDraftJson, OperationJson } from '../contract/operation.ts'
import { routes } from '../contract/routes.ts'
import { defaultPageLimit } from '../contract/scalars.ts'
import { presentOperation } from '../present.ts'
import { isOpen } from '../waits.ts'
import type { Api, Context } from './context.ts'

export function operationRoutes(app: Api, context: Context): void {
  const { services, waits, settings } = context
  const { operations, registry } = services

  /** In milliseconds, cut to the limit; 0 for no waiting. */
  const waitOf = (text: string | undefined): number =>
    text === undefined ? 0 : Math.min(millisecondsOf(text), settings['http.wait-limit'])

  app.route({
    ...routes.submitOperation,
    handler: async ({ params: { endpoint }, query, headers, body }, reply) => {
      const submitted = await operations.submit(endpoint, draftOf(body, headers['idempotency-key'], context.now()))
      const operation = await waits.ended(submitted.id, waitOf(query.wait), departure(reply))
      const answer = presentOperation(operation)
      if (!isOpen(operation)) return reply.status(200).send(answer)
      return reply.status(202).header('location', `/v1/operations/${operation.id}`).send(answer)
    },
  })

  app.route({
    ...routes.listDeviceOperations,
    handler: async ({ params: { endpoint }, query: { state, before, limit = defaultPageLimit } }) => {
      registry.device(endpoint)
      return pageOf(operations.list({ endpoint, ...(state && { state }) }, before, limit), limit)
    },
  })

  app.route({
    ...routes.listOperations,
    handler: async ({ query: { before, limit = defaultPageLimit, ...filter } }) => {
      if (filter.endpoint !== undefined) registry.device(filter.endpoint)
      return pageOf(operations.list(filter, before, limit), limit)
    },
  })

  app.route({
    ...routes.readOperation,
    handler: async ({ params, query }, reply) =>
      presentOperation(await waits.ended(params.id, waitOf(query.wait), departure(reply))),
  })

  app.route({
    ...routes.cancelOperation,
    handler: async ({ params }) => presentOperation(await operations.cancel(params.id)),
  })
}

function draftOf(body: OperationDraftJson, idempotencyKey: string | undefined, now: number): OperationDraft {
  const { deadline, ...draft } = body
  const at = deadline === undefined ? undefined : instantOf(Date.parse(deadline))
  if (at !== undefined && at <= now) {
    throw new UsageError('request.invalid', 'body.deadline is in the past', {
      members: { errors: [{ field: 'body.deadline', message: 'is in the past' }] },
    })
  }
  return {
    ...draft,
    ...(at !== undefined && { deadline: at }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    origin: 'operator',
  }
}

function pageOf(
  operations: readonly Operation[],
  limit: number,
): { operations: OperationJson[]; next?: Operation['id'] } {
  const last = operations.at(-1)
  return {
    operations: operations.map(presentOperation),
    ...(operations.length === limit && last !== undefined && { next: last.id }),
  }
}

/** Aborts when the client goes away, so that nobody waits on its behalf. */
function departure(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}
