/**
 * A machine that runs a server: starts it, kills it at any moment, starts it again on the same disk.
 * While it is down, what arrives is lost and whoever asks is refused.
 */
import type { Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { after, milliseconds, type Instant } from '../base/time.ts'
import type { Command, CommandResult } from '../fleet/commands.ts'
import { exponential } from './chance.ts'
import type { Disk } from './disk.ts'
import type { Remote } from './link.ts'
import type { Host } from './network.ts'
import { ServerProcess, type CrashPoint, type ProcessOptions } from './server-process.ts'
import { Timer, type Timeline } from './timeline.ts'

export type ServerOptions = Omit<ProcessOptions, 'crashed' | 'random'> & {
  readonly timeline: Timeline
  /** Of the process, anew for each life. */
  readonly randomOf: (life: number) => Random
  /** Of the machine: how long a turn takes. */
  readonly chance: Random
  readonly disk: Disk
  readonly started: (now: Instant) => void
}

/** How an asker hears; never, where the server dies meanwhile. */
export interface Asker<C extends Command> {
  resolve(result: CommandResult<C>): void
  reject(error: Error): void
}

/** How a process ended. */
export type Ending = CrashPoint | 'killed' | 'stopped'

/** From the first datagram of a burst to the end of its transaction. */
const meanTurn = 2

export class VirtualServer implements Host {
  readonly disk: Disk
  readonly #options: ServerOptions
  readonly #turn: Timer
  readonly #lives: { starts: number; crashes: { at: Instant; point: Ending }[] } = {
    starts: 0,
    crashes: [],
  }
  #process: ServerProcess | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.disk = options.disk
    this.#turn = new Timer((now) => {
      this.#process?.turn(now)
      this.#arm(now)
    })
  }

  get isUp(): boolean {
    return this.#process !== undefined
  }

  /** The running process, for whoever looks into it. */
  get process(): ServerProcess | undefined {
    return this.#process
  }

  get starts(): number {
    return this.#lives.starts
  }

  get crashes(): readonly { readonly at: Instant; readonly point: Ending }[] {
    return this.#lives.crashes
  }

  start(now: Instant): void {
    if (this.#process !== undefined) return
    const life = ++this.#lives.starts
    this.#options.started(now)
    this.#process = new ServerProcess({
      ...this.#options,
      random: this.#options.randomOf(life),
      crashed: (point) => this.#ended(point),
    })
    this.#arm(now)
  }

  /** kill -9. */
  kill(): void {
    this.#process?.kill()
    this.#ended('killed')
  }

  /** SIGTERM: commits and sends what is under way, then ends. */
  stop(now: Instant): void {
    this.#process?.turn(now)
    this.#ended('stopped')
  }

  /** Dies where the next turn with something to commit or to send gets there. */
  crashAt(point: CrashPoint): void {
    this.#process?.crashAt(point)
  }

  receive(now: Instant, from: Remote, datagram: Bytes): boolean {
    if (this.#process === undefined) return false
    this.#process.receive(now, from, datagram)
    this.#arm(now)
    return true
  }

  submit<C extends Command>(now: Instant, command: C, asker: Asker<C>): void {
    if (this.#process === undefined) {
      asker.reject(new EnvironmentError('server.down', 'the server is not running', { retriable: true }))
      return
    }
    this.#process.submit(now, command, {
      resolve: (result) => asker.resolve(result as CommandResult<C>),
      reject: (error) => asker.reject(error),
    })
    this.#arm(now)
  }

  /** The next turn: soon where something waits, else when the engine has a deadline. */
  #arm(now: Instant): void {
    const { timeline, chance } = this.#options
    const process = this.#process
    if (process === undefined) {
      timeline.clear(this.#turn)
      return
    }
    if (process.isBusy) {
      const soon = after(now, milliseconds(0.2 + exponential(chance, meanTurn)))
      if (!this.#turn.isSet || this.#turn.deadline > soon) timeline.set(this.#turn, soon)
      return
    }
    timeline.set(this.#turn, process.engine.nextDeadline())
  }

  #ended(point: Ending): void {
    if (this.#process === undefined) return
    this.#process = undefined
    this.#lives.crashes.push({ at: this.#options.timeline.now, point })
    this.#options.timeline.clear(this.#turn)
  }
}
