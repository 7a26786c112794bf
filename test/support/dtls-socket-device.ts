/**
 * A device of ours over a real socket: the DTLS client of `src/dtls`, with CoAP as lines. Repeats what is not
 * answered, as CoAP does, and can move to another port as behind a translator that has forgotten it.
 */
import { createSocket, type Socket } from 'node:dgram'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, type Instant } from '../../src/base/time.ts'
import { utf8, type Bytes } from '../../src/base/bytes.ts'
import { defaultSuites } from '../../src/dtls/suites.ts'
import { datagramOf, lineOf } from './coap-notation.ts'
import { clientOptions, DtlsPeer } from './dtls-peer.ts'

export interface DtlsSocketDeviceOptions {
  readonly port: number
  readonly identity: string
  readonly key: Bytes
  /** Without one it is known by its address only. */
  readonly connectionId: boolean
  readonly seed: number
}

/** Milliseconds between two transmissions of what is not answered. */
const repeatEvery = 300

export class DtlsSocketDevice {
  readonly peer: DtlsPeer
  /** Type of the first record and length of every datagram that came. */
  readonly heard: string[] = []
  readonly #options: DtlsSocketDeviceOptions
  readonly #answers = new Map<string, string>()
  #socket: Socket
  #timer: NodeJS.Timeout | undefined
  #messageId = 0

  private constructor(options: DtlsSocketDeviceOptions, socket: Socket) {
    this.#options = options
    this.#socket = socket
    this.peer = new DtlsPeer({ options: clientOptions, random: new SeededRandom(options.seed) })
    this.#listen()
  }

  static async open(options: DtlsSocketDeviceOptions): Promise<DtlsSocketDevice> {
    return new DtlsSocketDevice(options, await boundSocket())
  }

  /** Makes a handshake; false where there is no association after `patience` milliseconds. */
  async connect(patience = 10_000): Promise<boolean> {
    const before = this.peer.opens.length
    const { identity, key, connectionId } = this.#options
    const terms = {
      preSharedKey: { identity: utf8(identity), key },
      suites: defaultSuites.slice(0, 1),
      ...(connectionId ? ({ cidDialect: 54 } as const) : {}),
    }
    this.peer.endpoint.connect(now(), 0, terms)
    this.#drain()
    return holds(() => this.peer.opens.length > before, patience)
  }

  /** Sends a confirmable request, `POST /rd ?ep=…`, and gives its answer without type, id and token; '' for none. */
  async ask(request: string, patience = 10_000): Promise<string> {
    const [method, ...rest] = request.split(' ')
    const id = ++this.#messageId
    const token = id.toString(16).padStart(4, '0')
    const message = datagramOf(`CON ${id} ${method} [${token}] ${rest.join(' ')}`)
    const end = performance.now() + patience
    while (performance.now() < end) {
      this.peer.endpoint.send(now(), this.peer.lastOpened.id, message, 0, message.length)
      this.#drain()
      if (await holds(() => this.#answers.has(token), repeatEvery)) break
    }
    return this.#answers.get(token) ?? ''
  }

  /** From now on it speaks from another port. */
  async move(): Promise<void> {
    const before = this.#socket
    this.#socket = await boundSocket()
    this.#listen()
    before.close()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#socket.close()
  }

  #listen(): void {
    this.#socket.on('message', (message: Buffer) => {
      this.heard.push(`${message[0]} ${message.length}`)
      this.peer.receive(now(), 0, message)
      this.#drain()
    })
    // Nobody listens while the server is down: that shows by its silence.
    this.#socket.on('error', () => undefined)
  }

  #drain(): void {
    for (const { bytes } of this.peer.received.splice(0)) {
      const [, , code, token = '', ...rest] = lineOf(bytes).split(' ')
      this.#answers.set(token.slice(1, -1), [code, ...rest].join(' '))
    }
    for (const { bytes } of this.peer.take()) this.#socket.send(bytes, this.#options.port, '127.0.0.1')
    clearTimeout(this.#timer)
    const due = this.peer.endpoint.nextDeadline() - now()
    if (due > 60_000) return
    this.#timer = setTimeout(
      () => {
        this.peer.endpoint.expire(now())
        this.#drain()
      },
      Math.max(0, due),
    )
  }
}

const now = (): Instant => instantOf(Date.now())

async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return socket
}

/** Whether `condition` comes to hold within `patience` milliseconds. */
async function holds(condition: () => boolean, patience: number): Promise<boolean> {
  const end = performance.now() + patience
  while (!condition()) {
    if (performance.now() >= end) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return true
}
