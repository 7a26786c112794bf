/** The npm package `coap` in both roles, for interop tests: asks with promises, serves a shelf of values. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type ObserveReadStream, type OutgoingMessage } from 'coap'

const host = '127.0.0.1'

export interface NpmAsk {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: string
  readonly payload?: Uint8Array
  readonly contentFormat?: string
  /** Block1 where there is a payload, Block2 where there is none, octets. */
  readonly blockSize?: number
}

export interface NpmAnswer {
  readonly code: string
  readonly payload: Buffer
  /** `/rd/x` of a 2.01. */
  readonly location: string
}

export class NpmClient {
  readonly #agent = new Agent({ type: 'udp4' })

  async ask(
    port: number,
    { path, query, payload, contentFormat, blockSize, method = 'GET' }: NpmAsk,
  ): Promise<NpmAnswer> {
    const request = this.#agent.request({
      host,
      port,
      method,
      pathname: path,
      ...(query === undefined ? {} : { query }),
    })
    if (contentFormat !== undefined) request.setOption('Content-Format', contentFormat)
    if (blockSize !== undefined) request.setOption(payload ? 'Block1' : 'Block2', Buffer.of(sizeExponentOf(blockSize)))
    const answered = once(request, 'response')
    request.end(Buffer.from(payload ?? []))
    const [response] = (await answered) as [IncomingMessage]
    const options = response._packet.options ?? []
    const segments = options.filter(({ name }) => name === 'Location-Path').map(({ value }) => String(value))
    return { code: response.code, payload: response.payload, location: `/${segments.join('/')}` }
  }

  /** The first `count` values an observation brings, its first answer included. */
  async observe(port: number, path: string, count: number): Promise<readonly string[]> {
    // An agent closes its socket with the first observation that ends.
    const request = new Agent({ type: 'udp4' }).request({ host, port, pathname: path, observe: true })
    const answered = once(request, 'response')
    request.end()
    const [stream] = (await answered) as [ObserveReadStream]
    const values: string[] = []
    await new Promise<void>((resolve) =>
      stream.on('data', (value: Buffer) => {
        values.push(value.toString())
        if (values.length === count) resolve()
      }),
    )
    stream.close()
    return values.slice(0, count)
  }

  close(): void {
    this.#agent.close()
  }
}

/** Serves what is put there; `publish` tells those who observe. */
export class NpmServer {
  readonly held = new Map<string, Buffer>()
  readonly #server = createServer({ type: 'udp4' })
  readonly #observers = new Map<string, Set<OutgoingMessage>>()

  static async listen(): Promise<NpmServer> {
    const server = new NpmServer()
    server.#server.on('request', (request: IncomingMessage, response: OutgoingMessage) =>
      server.#answer(request, response),
    )
    await new Promise<void>((resolve) => server.#server.listen(0, host, () => resolve()))
    return server
  }

  get port(): number {
    return (this.#server._sock as unknown as { address(): { port: number } }).address().port
  }

  publish(path: string, value: string): void {
    this.held.set(path, Buffer.from(value))
    for (const observer of this.#observers.get(path) ?? []) observer.write(value)
  }

  close(): void {
    this.#server.close()
  }

  #answer(request: IncomingMessage, response: OutgoingMessage): void {
    const path = request.url
    if (request.method === 'PUT') {
      response.code = this.held.has(path) ? '2.04' : '2.01'
      this.held.set(path, Buffer.from(request.payload))
      response.end()
      return
    }
    const held = this.held.get(path)
    if (held === undefined) {
      response.code = '4.04'
      response.end()
    } else if (request.headers['Observe'] === 0) {
      const observers = this.#observers.get(path) ?? new Set()
      this.#observers.set(path, observers.add(response))
      response.on('finish', () => observers.delete(response))
      response.write(held)
    } else response.end(held)
  }
}

/** SZX (RFC 7959 §2.2). */
function sizeExponentOf(octets: number): number {
  return Math.log2(octets) - 4
}
