/** The shipped server as a child process on free ports and a data directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/coapstan.cjs', import.meta.url))

export interface ShippedServer {
  readonly coapPort: number
  readonly httpPort: number
  readonly token: string
  readonly process: ChildProcess
  /** The HTTP API, with the token. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Where it listens for `protocol`: coaps, bootstrap-coap and the like. */
  port(protocol: string): Promise<number>
  /** Ends it by `signal` and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts it and waits until it says where it listens; rejects with what it printed when it does not. */
export async function startShippedServer(
  dataDirectory: string,
  options: { readonly coapPort?: number; readonly coapsPort?: number; readonly flags?: readonly string[] } = {},
): Promise<ShippedServer> {
  const flags = ['--data-directory', dataDirectory, '--coap-port', String(options.coapPort ?? 0)]
  flags.push('--coaps-port', String(options.coapsPort ?? 0), '--http-port', '0')
  const child = spawn(process.execPath, [launcher, 'serve', ...flags, ...(options.flags ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { coapPort, httpPort } = await portsOf(child)
  const token = readFileSync(join(dataDirectory, 'api-token'), 'utf8').trim()
  const ask: ShippedServer['fetch'] = (path, init = {}) => {
    const headers = new Headers({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })
    // Set, not appended: a header given twice is both values in one.
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    return fetch(`http://127.0.0.1:${httpPort}${path}`, { ...init, headers })
  }
  return {
    coapPort,
    httpPort,
    token,
    process: child,
    fetch: ask,
    port: async (protocol) => {
      const status = (await (await ask('/v1/status')).json()) as { listeners: { protocol: string; port: number }[] }
      return status.listeners.find((listener) => listener.protocol === protocol)!.port
    },
    end: (signal) =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('exit', () => resolve())
        child.kill(signal)
      }),
  }
}

function portsOf(child: ChildProcess): Promise<{ coapPort: number; httpPort: number }> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const listen = (chunk: Buffer): void => {
      printed += chunk.toString()
      const coap = /coap +udp \S+:(\d+)/.exec(printed)
      const http = /http:\/\/\S+:(\d+)\/v1/.exec(printed)
      if (coap && http) resolve({ coapPort: Number(coap[1]), httpPort: Number(http[1]) })
    }
    child.stdout!.on('data', listen)
    child.stderr!.on('data', listen)
    child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal}:\n${printed}`)))
  })
}
