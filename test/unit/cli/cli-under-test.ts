/**
 * The command line in front of the real HTTP API and a fleet in memory: no process, no socket, no clock.
 * Its screens are strings.
 */
import { instantOf } from '../../../src/base/time.ts'
import { run } from '../../../src/cli/run.ts'
import type { SourceFile, Surroundings } from '../../../src/cli/surroundings.ts'
import { apiUnderTest, token, type ApiUnderTest } from '../api/api-under-test.ts'
import type { FakeFleet } from '../api/fake-fleet.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CliUnderTest {
  readonly api: ApiUnderTest
  readonly fleet: FakeFleet
  readonly environment: Record<string, string | undefined>
  readonly files: Map<string, string>
  readonly scripts: string[]
  /** A file this user has no permission for. */
  unreadable: string | undefined
  /** What the terminal is like, where there is one. */
  terminal: { columns: number } | undefined
  /** As if Ctrl-C were pressed. */
  interrupt(): void
  /** As if no server ran. */
  serverIsDown: boolean
  /** Runs one command line, words as the shell would cut them. */
  run(...argv: readonly string[]): Promise<Ran>
  /** Begins one that goes on by itself. */
  begin(...argv: readonly string[]): { readonly ran: Promise<Ran>; out(): string; err(): string }
}

export async function cliUnderTest(): Promise<CliUnderTest> {
  const api = await apiUnderTest()
  const { fleet } = api
  let interrupted = new AbortController()
  const cli: CliUnderTest = {
    api,
    fleet,
    environment: { COAPSTAN_TOKEN: token },
    files: new Map(),
    scripts: [],
    unreadable: undefined,
    terminal: undefined,
    serverIsDown: false,
    interrupt: () => interrupted.abort(),
    run: (...argv) => cli.begin(...argv).ran,
    begin(...argv) {
      interrupted = new AbortController()
      const texts = { out: '', err: '' }
      const screen = (name: 'out' | 'err'): Surroundings['out'] => ({
        write: (text) => void (texts[name] += typeof text === 'string' ? text : Buffer.from(text).toString('latin1')),
        isTerminal: cli.terminal !== undefined,
        columns: cli.terminal?.columns ?? 0,
      })
      const surroundings: Surroundings = {
        out: screen('out'),
        err: screen('err'),
        environment: cli.environment,
        version: '1.2.3',
        fetch: (input, init) => injected(cli, input as string, init ?? {}),
        readText: (file) => permitted(cli, file).files.get(file),
        openFile: (file) => openFile(cli.files.get(file)),
        writeFile: (file, octets) => void permitted(cli, file).files.set(file, Buffer.from(octets).toString('latin1')),
        runScript: async (script) => {
          cli.scripts.push(script.pathname)
          return 0
        },
        now: () => fleet.now,
        every: () => () => undefined,
        // Time passes while one waits.
        pause: async (milliseconds) => {
          fleet.now = instantOf(fleet.now + milliseconds)
          await new Promise((resolve) => setImmediate(resolve))
        },
        interrupted: interrupted.signal,
      }
      const ran = run(argv, surroundings).then((code) => ({ code, ...texts }))
      return { ran, out: () => texts.out, err: () => texts.err }
    },
  }
  return cli
}

/** As the system refuses. */
function permitted(cli: CliUnderTest, file: string): CliUnderTest {
  if (file !== cli.unreadable) return cli
  throw Object.assign(new Error(`EACCES: permission denied, open '${file}'`), { code: 'EACCES', path: file })
}

function openFile(content: string | undefined): SourceFile | undefined {
  if (content === undefined) return undefined
  return { size: Buffer.byteLength(content), stream: () => new Blob([content]).stream() }
}

/** `fetch` that ends in the API without a socket; refuses as the system does where no server runs. */
async function injected({ api, serverIsDown }: CliUnderTest, url: string, init: RequestInit): Promise<Response> {
  if (serverIsDown) {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    throw new TypeError('fetch failed', { cause })
  }
  const { pathname, search } = new URL(url)
  const body =
    init.body instanceof ReadableStream ? Buffer.from(await new Response(init.body).arrayBuffer()) : init.body
  const { signal } = init
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })
  const injecting = api.app.inject({
    method: (init.method ?? 'GET') as 'GET',
    url: pathname + search,
    headers: init.headers as Record<string, string>,
    ...(body && { payload: body as string | Buffer }),
    payloadAsStream: true,
  })
  const response = await Promise.race([injecting, aborted])
  const stream = response.stream()
  signal?.addEventListener('abort', () => stream.destroy())
  const streamed = new ReadableStream<Uint8Array>({
    start(controller) {
      stream.on('data', (chunk: Buffer) => controller.enqueue(new Uint8Array(chunk)))
      stream.on('end', () => controller.close())
      stream.on('error', (error) => controller.error(error))
      signal?.addEventListener('abort', () => controller.error(signal.reason))
    },
  })
  return new Response(response.statusCode === 204 ? null : streamed, {
    status: response.statusCode,
    headers: { 'content-type': String(response.headers['content-type']) },
  })
}
