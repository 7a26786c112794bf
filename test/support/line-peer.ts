/** A program we did not write, or a small one around a library we did not: told line by line, and heard line by line. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export class LinePeer {
  readonly #process: ChildProcess
  /** What it has said and nobody has waited for. */
  readonly #said: string[] = []
  #heard = Promise.withResolvers<void>()

  constructor(program: string, args: readonly (string | number)[]) {
    this.#process = spawn(program, args.map(String), { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#process.stdin!.on('error', () => undefined) // it has gone, and whoever waits for it will say so
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.#said.push(line)
      this.#heard.resolve()
      this.#heard = Promise.withResolvers<void>()
    })
  }

  tell(line: string): void {
    this.#process.stdin!.write(`${line}\n`)
  }

  /** Takes the first line that fits; undefined where none comes within `patience` milliseconds. */
  async hear(fits: (line: string) => boolean, patience: number): Promise<string | undefined> {
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), patience)
    try {
      for (;;) {
        const at = this.#said.findIndex(fits)
        if (at >= 0) return this.#said.splice(at, 1)[0]!
        if ((await Promise.race([this.#heard.promise, late.promise])) === 'late') return undefined
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lines nobody has waited for. */
  get unheard(): readonly string[] {
    return this.#said
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}
