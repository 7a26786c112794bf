/** What every route is handed. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventStreams } from '../event-streams.ts'
import type { ExposedMetrics } from '../metrics.ts'
import type { Services } from '../services.ts'
import type { OperationWaits } from '../waits.ts'

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface Context {
  readonly services: Services
  readonly settings: Settings
  readonly metrics: ExposedMetrics
  readonly version: string
  readonly now: () => Instant
  readonly startedAt: Instant
  readonly waits: OperationWaits
  readonly streams: EventStreams
}
