/** libcoap's example client and server as peers: what they are called here, one request, one running server. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { isInstalled, runProgram } from './program.ts'

const host = '127.0.0.1'

/** Debian's name of the client without TLS, else of one with it; undefined where there is none. */
export const libcoapClient = firstInstalled(['coap-client-notls', 'coap-client-openssl', 'coap-client'])
/** The client with TLS; undefined where there is none. */
export const libcoapSecureClient = firstInstalled(['coap-client-openssl', 'coap-client-gnutls', 'coap-client'])
export const libcoapServer = firstInstalled(['coap-server-notls', 'coap-server-openssl', 'coap-server'])

export interface LibcoapAsk {
  readonly method?: 'get' | 'put' | 'post' | 'delete'
  readonly payload?: string
  /** Sends this file instead. */
  readonly payloadFile?: string
  readonly contentFormat?: number
  readonly blockSize?: number
  /** Where the body of the answer goes. */
  readonly output?: string
  readonly confirmable?: boolean
  /** Observes for so long, seconds. */
  readonly observeFor?: number
  /** A client with TLS instead of the first that is installed. */
  readonly program?: string
  /** Speaks DTLS, as this identity. */
  readonly psk?: { readonly identity: string; readonly key: string }
  /** Seconds it waits at most. */
  readonly patience?: number
}

export interface LibcoapAnswer {
  /** Of the last message it received, as `2.05`; '' where there was none. */
  readonly code: string
  readonly location: string
  /** All it printed, the messages both ways among it. */
  readonly output: string
}

export class LibcoapClient {
  async ask(port: number, target: string, ask: LibcoapAsk = {}): Promise<LibcoapAnswer> {
    const { method = 'get', patience = 20 } = ask
    const args = ['-v', '6', '-B', String(patience), '-m', method]
    const give = (flag: string, value: string | number | undefined): void => {
      if (value !== undefined) args.push(flag, String(value))
    }
    give('-e', ask.payload)
    give('-f', ask.payloadFile)
    give('-t', ask.contentFormat)
    give('-b', ask.blockSize)
    give('-o', ask.output)
    give('-s', ask.observeFor)
    if (ask.confirmable === false) args.push('-N')
    if (ask.psk !== undefined) args.push('-u', ask.psk.identity, '-k', ask.psk.key)
    const output = await runProgram({
      program: ask.program ?? (ask.psk === undefined ? libcoapClient! : libcoapSecureClient!),
      args: [...args, `${ask.psk === undefined ? 'coap' : 'coaps'}://${host}:${port}${target}`],
      // It ends by itself: nothing it says is the end of it.
      until: /(?!)/,
      deadline: (patience + 2) * 1000,
    })
    const answers = [...output.matchAll(/v:1 t:\w+ c:([245]\.\d\d) i:\w+ \{\w*\} \[(.*?)\]/g)]
    const [, code = '', options = ''] = answers.at(-1) ?? []
    const segments = [...options.matchAll(/Location-Path:(\w+)/g)].map(([, segment]) => segment)
    return { code, location: `/${segments.join('/')}`, output }
  }
}

/** `coap-server` on a free port: `/time` to observe, `/example_data` to write, anything made by PUT. */
export class LibcoapServer {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, port: number) {
    this.#process = process
    this.port = port
  }

  static async start(): Promise<LibcoapServer> {
    const port = await freePort()
    const child = spawn(libcoapServer!, ['-A', host, '-p', String(port), '-d', '10'], { stdio: 'ignore' })
    await answers(port)
    return new LibcoapServer(child, port)
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve())
      this.#process.kill('SIGKILL')
    })
  }
}

function firstInstalled(programs: readonly string[]): string | undefined {
  return programs.find((program) => isInstalled(program))
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, host, resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

/** A CoAP ping every 50 ms until there is a RST (RFC 7252 §4.3); rejects after five seconds. */
async function answers(port: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('message', () => resolve())
  const pings = setInterval(() => socket.send(Uint8Array.of(0x40, 0, 0, 1), port, host), 50)
  const overdue = setTimeout(() => reject(new Error(`${libcoapServer} does not answer`)), 5000)
  try {
    await promise
  } finally {
    clearInterval(pings)
    clearTimeout(overdue)
    socket.close()
  }
}
