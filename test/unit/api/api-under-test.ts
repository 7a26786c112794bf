/** The HTTP API in front of a fleet in memory, called without a socket. */
import { createHttpApi } from '../../../src/api/http.ts'
import { createMetrics } from '../../../src/api/metrics.ts'
import type { Api } from '../../../src/api/routes/context.ts'
import type { Log } from '../../../src/base/log.ts'
import { defaultSettings, type Settings } from '../../../src/config/tunables.ts'
import { FakeFleet } from './fake-fleet.ts'

export const token = 'cst_0123456789abcdef0123456789abcdef'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: object
}

export interface ApiUnderTest {
  readonly app: Api
  readonly fleet: FakeFleet
  readonly lines: readonly LogLine[]
  readonly fatal: readonly Error[]
  call(
    method: 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE',
    url: string,
    more?: CallOptions,
  ): Promise<CallResult>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface CallResult {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Parsed; fits whatever the test says it is. */
  readonly json: never
}

export async function apiUnderTest(settings: Partial<Settings> = {}): Promise<ApiUnderTest> {
  const fleet = new FakeFleet()
  const lines: LogLine[] = []
  const fatal: Error[] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields })
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const app = await createHttpApi({
    services: fleet,
    token,
    settings: { ...defaultSettings, ...settings },
    log,
    metrics: createMetrics({ process: false }),
    version: '1.2.3',
    now: () => fleet.now,
    fatal: (error) => fatal.push(error),
  })
  return {
    app,
    fleet,
    lines,
    fatal,
    async call(method, url, { body, headers = {} } = {}) {
      const response = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body !== undefined && { payload: body as object }),
      })
      const text = response.body
      const isJson = String(response.headers['content-type']).includes('json')
      return {
        status: response.statusCode,
        headers: response.headers,
        text,
        json: (isJson && text !== '' ? JSON.parse(text) : undefined) as never,
      }
    },
  }
}
