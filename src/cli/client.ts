/**
 * The HTTP client of the contract: one method, typed by the route table. What is no success becomes a
 * failure that says what to do next.
 */
import { paths } from '../api/contract/paths.ts'
import type { ProblemJson } from '../api/contract/problem.ts'
import type { Call, DescribedRoute } from '../api/contract/routes.ts'
import { CommandFailure, Interrupted, ServerProblem } from './failure.ts'
import type { ServerAddress } from './server-address.ts'
import type { Surroundings } from './surroundings.ts'

type Input<N extends DescribedRoute> = Pick<Call<N>, Needed<N>> & {
  readonly query?: Call<N>['query']
  readonly headers?: Readonly<Record<string, string>>
  /** Octets instead of JSON. */
  readonly octets?: { readonly size: number; readonly stream: ReadableStream<Uint8Array> }
}
/** `params` and `body` where the route has them. */
type Needed<N extends DescribedRoute> =
  (Call<N>['params'] extends undefined ? never : 'params') | (Call<N>['body'] extends undefined ? never : 'body')

/** Loosely, as the wire sees it. */
interface AnyInput {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly octets?: { readonly size: number; readonly stream: ReadableStream<Uint8Array> }
}

/** Milliseconds within which a server answers what needs no device. */
const answerLimit = 30_000

export class Client {
  readonly address: ServerAddress
  readonly #surroundings: Surroundings

  constructor(address: ServerAddress, surroundings: Surroundings) {
    this.address = address
    this.#surroundings = surroundings
  }

  /** `patience`: milliseconds the server may take, besides those it needs anyway. */
  async call<N extends DescribedRoute>(route: N, input: Input<N>, patience = 0): Promise<Call<N>['answer']> {
    const response = await this.#send(route, input, AbortSignal.timeout(answerLimit + patience))
    const text = await response.text()
    if (text === '') return null as Call<N>['answer']
    return this.#parsed(text) as Call<N>['answer']
  }

  /** The open response of the event stream. */
  events(query: Call<'events'>['query'], lastEventId: number, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'text/event-stream', 'last-event-id': String(lastEventId) }
    return this.#send('events', { query, headers }, signal)
  }

  /** The open response of the stream of a device's datagrams. */
  datagrams(endpoint: string, after: number, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'text/event-stream', 'last-event-id': String(after) }
    return this.#send('trace', { params: { endpoint }, headers }, signal)
  }

  /** What a route answers with that speaks in octets. */
  async octets(route: 'traceCapture', params: Call<typeof route>['params']): Promise<Uint8Array> {
    const response = await this.#send(route, { params }, AbortSignal.timeout(answerLimit))
    return new Uint8Array(await response.arrayBuffer())
  }

  async #send(route: DescribedRoute, input: AnyInput, signal: AbortSignal): Promise<Response> {
    const { url: base, token } = this.address
    const { method, url } = paths[route]
    const { interrupted, fetch } = this.#surroundings
    let response: Response
    try {
      response = await fetch(base + filled(url, input.params) + queryText(input.query), {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(input.body !== undefined && { 'content-type': 'application/json' }),
          ...(input.octets !== undefined && {
            'content-type': 'application/octet-stream',
            'content-length': String(input.octets.size),
          }),
          ...input.headers,
        },
        ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
        ...(input.octets !== undefined && { body: input.octets.stream, duplex: 'half' }),
        signal: AbortSignal.any([signal, interrupted]),
      })
    } catch (error) {
      if (interrupted.aborted) throw new Interrupted()
      throw unreachable(base, error)
    }
    if (response.ok) return response
    throw this.#refusal(response.status, await response.text())
  }

  #refusal(status: number, text: string): CommandFailure {
    if (status === 401) return this.#tokenFailure()
    const problem = this.#parsed(text)
    if (isProblem(problem)) return new ServerProblem(problem)
    return new CommandFailure(`${this.address.url} answers ${status}, and not as Coapstan does`, {
      exitCode: 1,
      advice: ['is this the right address? --server says another'],
    })
  }

  #tokenFailure(): CommandFailure {
    const { url, token, tokenFrom } = this.address
    return token === undefined
      ? new CommandFailure(`${url} wants a token, and none was found`, {
          exitCode: 1,
          advice: [
            `looked for it in ${tokenFrom}`,
            'run this where the server runs, or set COAPSTAN_DATA_DIRECTORY, COAPSTAN_TOKEN or --token',
          ],
        })
      : new CommandFailure(`${url} does not take the token of ${tokenFrom}`, {
          exitCode: 1,
          advice: ["the right one is in the file api-token of the server's data directory"],
        })
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new CommandFailure(`${this.address.url} does not answer with JSON`, {
        exitCode: 1,
        advice: ['is this the right address? --server says another'],
        cause,
      })
    }
  }
}

function filled(url: string, params: AnyInput['params'] = {}): string {
  return url.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
}

function queryText(query: AnyInput['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) search.append(name, String(one))
  }
  return search.size === 0 ? '' : `?${search.toString()}`
}

function isProblem(value: unknown): value is ProblemJson {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'status' in value
}

/** No answer came at all. */
export class Unreachable extends CommandFailure {}

function unreachable(url: string, error: unknown): Unreachable {
  const code = codeOf(error)
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new Unreachable(`${url} took too long to answer`, {
      exitCode: 1,
      advice: ['is it overloaded, or something else? its log says; `coapstan status` asks for little'],
      cause: error,
    })
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new Unreachable(`there is no host of the name in ${url}`, {
      exitCode: 1,
      advice: ['say where the server is with --server or COAPSTAN_SERVER, for example http://127.0.0.1:8080'],
      cause: error,
    })
  }
  if (code !== undefined && code !== 'ECONNREFUSED') {
    return new Unreachable(`the connection to ${url} broke (${code})`, {
      exitCode: 1,
      advice: ['is the server still running? its log says why it ended'],
      cause: error,
    })
  }
  return new Unreachable(`no server answers at ${url}`, {
    exitCode: 1,
    advice: [
      'start it with `npx coapstan serve` (in a checkout also `npm start`)',
      'or say where it is with --server or COAPSTAN_SERVER',
    ],
    cause: error,
  })
}

/** `fetch` wraps the system's error, sometimes twice. */
function codeOf(error: unknown): string | undefined {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 4; inner = inner.cause, depth++) {
    if ('code' in inner && typeof inner.code === 'string') return inner.code
  }
  return undefined
}
