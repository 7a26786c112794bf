/**
 * LwM2M clients of Eclipse Leshan in one JVM, built by `scripts/build-peers.sh` and driven line by line; what they
 * understand and say is at the top of `interop/lwm2m/peers/leshan/peer.java`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../interop/lwm2m/peers/build/leshan/', import.meta.url))

/** Whether the clients were built. */
export const leshanBuilt = existsSync(`${built}client.jar`)
/** Definitions of objects Leshan has and the server does not: 3442, with a resource of every type. */
export const leshanObjects = `${built}models`

// A machine with two cores: nothing here runs long enough to be worth optimising.
const briefly = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m']

export class LeshanPeer {
  readonly #process: ChildProcess
  /** What was said of each client and not yet waited for. */
  readonly #said = new Map<string, string[]>()
  #heard = Promise.withResolvers<void>()

  /** `definitions`: further files of object definitions. */
  constructor(definitions: readonly string[]) {
    const args = [...briefly, '-cp', `${built}*`, 'Peer', `${leshanObjects}/3442.xml`, ...definitions]
    this.#process = spawn('java', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#process.stdin!.on('error', () => undefined) // it has gone, and whoever waits for it will say so
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      const blank = line.indexOf(' ')
      this.#of(line.slice(0, blank)).push(line.slice(blank + 1))
      this.#heard.resolve()
      this.#heard = Promise.withResolvers<void>()
    })
  }

  /** A client that registers, or is bootstrapped; options as `client.java` knows them. */
  start(name: string, options: Readonly<Record<string, string | number>>): void {
    this.tell('start', name, ...Object.entries(options).map(([key, value]) => `${key}=${value}`))
  }

  tell(command: string, name: string, ...words: readonly string[]): void {
    this.#process.stdin!.write(`${[command, name, ...words].join(' ')}\n`)
  }

  /** The first event of `name` that fits and was not waited for before; rejects with the others where none comes. */
  async says(name: string, pattern: RegExp, patience = 20_000): Promise<string> {
    const deadline = Date.now() + patience
    const lines = this.#of(name)
    for (;;) {
      const at = lines.findIndex((line) => pattern.test(line))
      if (at >= 0) return lines.splice(at, 1)[0]!
      const wait = deadline - Date.now()
      if (wait <= 0) throw new Error(`${name} did not say ${pattern}; it said: ${lines.join(' | ')}`)
      await Promise.race([this.#heard.promise, new Promise((resolve) => setTimeout(resolve, wait).unref())])
    }
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }

  #of(name: string): string[] {
    let lines = this.#said.get(name)
    if (lines === undefined) this.#said.set(name, (lines = []))
    return lines
  }
}
