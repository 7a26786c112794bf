/**
 * What stands behind the demonstration: its directory, its processes and their last words. Whatever it
 * started it ends, and whatever it wrote it removes.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../../bin/coapstan.cjs', import.meta.url))
/** Milliseconds a process gets to end in order. */
const endPatience = 3000
/** Lines kept of what each process says. */
const memory = 200

/** A step of the demonstration did not do what it shows. */
export class StepFailed extends Error {
  readonly lines: readonly string[]
  constructor(message: string, lines: readonly string[] = []) {
    super(message)
    this.lines = lines
  }
}

/** A process in the background whose lines can be waited for. */
export class Background {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #watchers = new Set<() => void>()
  #told = 0
  #ended = false

  constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => this.#add(line))
    }
    child.on('exit', () => {
      this.#ended = true
      this.#wake()
    })
  }

  #add(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > memory) {
      this.#lines.shift()
      this.#told = Math.max(0, this.#told - 1)
    }
    this.#wake()
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** What it said since this was last asked. */
  news(): readonly string[] {
    const news = this.#lines.slice(this.#told)
    this.#told = this.#lines.length
    return news
  }

  /** Resolves once a line matches; fails when the process ends or `patience` milliseconds are over. */
  says(pattern: RegExp, patience: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (outcome: RegExpExecArray | string): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        if (typeof outcome !== 'string') resolve(outcome)
        else reject(new StepFailed(outcome, this.#lines.slice(-10)))
      }
      const look = (): void => {
        const found = pattern.exec(this.#lines.join('\n'))
        if (found !== null) finish(found)
        else if (this.#ended) finish(`${this.name} ended by itself`)
      }
      const timer = setTimeout(
        () => finish(`${this.name} did not get as far as it should in ${patience / 1000} s`),
        patience,
      )
      this.#watchers.add(look)
      look()
    })
  }

  abandon(): void {
    if (!this.#ended) this.#child.kill('SIGKILL')
  }

  /** Asks it to end, and makes it end where asking does not help. */
  async end(): Promise<void> {
    if (this.#ended || this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endPatience)
    await exited
    clearTimeout(timer)
  }
}

export class Stage {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'coapstan-demo-'))
  /** Where the commands find the server, once it is known. */
  readonly environment: NodeJS.ProcessEnv
  readonly #background: Background[] = []
  #foreground: ChildProcess | undefined
  #closing: Promise<void> | undefined

  constructor() {
    this.environment = { ...process.env, COAPSTAN_DATA_DIRECTORY: path.join(this.directory, 'data') }
  }

  start(name: string, args: readonly string[]): Background {
    if (this.#closing !== undefined) throw new StepFailed(`${name} is not started any more`)
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.directory,
      env: { ...this.environment, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is ours to handle: the processes end in order, devices before the server.
      detached: true,
    })
    const background = new Background(name, child)
    this.#background.unshift(background)
    return background
  }

  /** Runs a command as the user would, on the user's own screen; `enough`: interrupts it after so many milliseconds. */
  async run(args: readonly string[], enough?: number): Promise<number> {
    if (this.#closing !== undefined) return 1
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.directory,
      env: this.environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    this.#foreground = child
    const timer = enough === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), enough)
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(timer)
    this.#foreground = undefined
    return code ?? 1
  }

  /** Ends every process in order and removes the directory; the same promise however often it is asked. */
  close(): Promise<void> {
    this.#closing ??= this.#clear()
    return this.#closing
  }

  async #clear(): Promise<void> {
    this.#foreground?.kill('SIGTERM')
    for (const background of this.#background) await background.end()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** For a process that ends in disorder: what still runs is told to end, and not waited for. */
  abandon(): void {
    for (const background of this.#background) background.abandon()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
