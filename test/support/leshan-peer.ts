/**
 * LwM2M clients of Eclipse Leshan in one JVM, or its server, built by `scripts/build-peers.sh` and driven line by line; what they
 * understand and say is at the top of `interop/lwm2m/peers/leshan/peer.java` , `leshan1/peer.java`, `leshan-server/server.java`.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LinePeer } from './line-peer.ts'

const built = fileURLToPath(new URL('../interop/lwm2m/peers/build/', import.meta.url))

/** Whether the clients were built: of Leshan 2, which speak LwM2M 1.1, and of Leshan 1, which speak 1.0. */
export const leshanBuilt = existsSync(`${built}leshan/client.jar`)
export const leshan1Built = existsSync(`${built}leshan1/client.jar`)
export const leshanServerBuilt = existsSync(`${built}leshan-server/client.jar`)
/** Definitions of objects Leshan 2 has and the server does not: 3442, with a resource of every type. */
export const leshanObjects = `${built}leshan/models`

// A machine with two cores: nothing here runs long enough to be worth optimising.
const briefly = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m']

export class LeshanPeer {
  readonly #lines: LinePeer

  /** Clients; `definitions` are files of object definitions beside their own. Or a server, with devices for clients. */
  constructor(library: 'leshan' | 'leshan1' | 'leshan-server', definitions: readonly string[] = []) {
    const program = ['-cp', `${built}${library}/*`, library === 'leshan-server' ? 'Server' : 'Peer', ...definitions]
    this.#lines = new LinePeer('java', [...briefly, ...program])
  }

  /** A client that registers, or is bootstrapped; options as `client.java` knows them. */
  start(name: string, options: Readonly<Record<string, string | number>>): void {
    this.tell('start', name, ...Object.entries(options).map(([key, value]) => `${key}=${value}`))
  }

  tell(command: string, name: string, ...words: readonly string[]): void {
    this.#lines.tell([command, name, ...words].join(' '))
  }

  /** The first event of `name` that fits and was not waited for before; rejects with the others where none comes. */
  async says(name: string, pattern: RegExp, patience = 20_000): Promise<string> {
    const begins = `${name} `
    const fits = (line: string): boolean => line.startsWith(begins) && pattern.test(line.slice(begins.length))
    const line = await this.#lines.hear(fits, patience)
    if (line !== undefined) return line.slice(begins.length)
    const others = this.#lines.unheard.filter((other) => other.startsWith(begins))
    throw new Error(`${name} did not say ${pattern}; it said: ${others.join(' | ')}`)
  }

  close(): Promise<void> {
    return this.#lines.close()
  }
}
