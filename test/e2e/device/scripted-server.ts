/**
 * A LwM2M server of a few lines on the npm package `coap`, for the virtual device to talk to: it takes
 * registrations, serves images and asks what a test tells it to. One socket for both directions, as servers have.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  type ObserveReadStream,
  type OutgoingMessage,
  type Server,
} from 'coap'

export interface Received {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly payload: string
}

export interface Ask {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly accept?: number
  readonly contentFormat?: number
  readonly payload?: Buffer | string
  readonly query?: string
  readonly observe?: boolean
  /** Sends the payload in blocks of 16·2^szx. */
  readonly block1Szx?: number
}

export interface Answered {
  readonly code: string
  readonly format: unknown
  readonly payload: Buffer
  readonly text: string
}

export class ScriptedServer {
  readonly socket: Socket
  readonly #server: Server
  readonly #agent: Agent
  readonly #received: Received[] = []
  readonly #watchers = new Set<() => void>()
  /** Where the device was last heard. */
  #devicePort = 0
  /** What it answers to requests below /rd, by method and path; 2.01 and 2.04 where nothing is set. */
  readonly answers = new Map<string, string>()
  /** Images by path. */
  readonly images = new Map<string, Buffer>()
  /** Image blocks answered, by number; `silentAfter` blocks it stays silent. */
  blocksServed: number[] = []
  silentAfter = Number.POSITIVE_INFINITY
  #registrations = 0

  private constructor(socket: Socket) {
    this.socket = socket
    this.#server = createServer({ type: 'udp4' })
    this.#server.on('request', (request: IncomingMessage, response: OutgoingMessage) => {
      this.#devicePort = request.rsinfo.port
      const [path = '', query = ''] = request.url.split('?', 2)
      const image = this.images.get(path)
      if (image !== undefined) {
        if (this.blocksServed.length >= this.silentAfter) {
          clearTimeout(response._ackTimer ?? undefined) // not even the empty ACK
          return
        }
        const block2 = request._packet.options?.find((option) => option.name === 'Block2')?.value
        this.blocksServed.push(
          block2 === undefined || block2.length === 0 ? 0 : block2.readUIntBE(0, block2.length) >> 4,
        )
        response.end(image)
        return
      }
      const { method } = request
      const registering = method === 'POST' && path === '/rd'
      response.code =
        this.answers.get(`${method} ${path}`) ?? (registering ? '2.01' : method === 'DELETE' ? '2.02' : '2.04')
      if (registering && response.code === '2.01') {
        response.setOption('Location-Path', [Buffer.from('rd'), Buffer.from(`r${++this.#registrations}`)])
      }
      response.end()
      this.#received.push({ method, path, query, payload: request.payload.toString() })
      for (const watcher of this.#watchers) watcher()
    })
    this.#server.listen(socket)
    this.#agent = new Agent({ socket })
  }

  static async open(port = 0): Promise<ScriptedServer> {
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    return new ScriptedServer(socket)
  }

  get uri(): string {
    return `coap://127.0.0.1:${this.socket.address().port}`
  }

  get devicePort(): number {
    return this.#devicePort
  }

  /** The next request of the device, past or to come, with this method and path. */
  async next(method: string, path: string): Promise<Received> {
    for (;;) {
      const index = this.#received.findIndex((each) => each.method === method && each.path === path)
      if (index >= 0) return this.#received.splice(index, 1)[0]!
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
      })
    }
  }

  ask(ask: Ask): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const request = this.#agent.request(this.#parameters(ask))
      if (ask.block1Szx !== undefined) request.setOption('Block1', Buffer.of(ask.block1Szx))
      request.on('response', (response: IncomingMessage) => resolve(answeredOf(response)))
      request.on('error', reject)
      request.end(ask.payload)
    })
  }

  /** Observes; what comes after the first answer is handed to `notified`. */
  observe(ask: Ask, notified: (payload: string) => void): Promise<{ first: string; stop(): void }> {
    return new Promise((resolve, reject) => {
      const request = this.#agent.request({ ...this.#parameters(ask), observe: true })
      request.on('error', reject)
      request.on('response', (stream: ObserveReadStream) => {
        let first = true
        stream.on('data', (payload: Buffer) => {
          if (first) resolve({ first: payload.toString(), stop: () => stream.close() })
          else notified(payload.toString())
          first = false
        })
      })
      request.end()
    })
  }

  #parameters({ method = 'GET', path, accept, contentFormat, query }: Ask): Parameters<Agent['request']>[0] {
    return {
      hostname: '127.0.0.1',
      port: this.#devicePort,
      method,
      pathname: path,
      ...(query === undefined ? {} : { query }),
      ...(accept === undefined ? {} : { accept }),
      ...(contentFormat === undefined ? {} : { contentFormat }),
    }
  }

  close(): void {
    this.#server.close()
    this.#agent.close()
    this.socket.close()
  }
}

function answeredOf(response: IncomingMessage): Answered {
  const { code, payload } = response
  return { code, format: response.headers['Content-Format'], payload, text: payload.toString() }
}
