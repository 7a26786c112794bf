/** A shard as the house sees it: a worker thread, what is to be told to it, and what it last counted. */
import { Worker } from 'node:worker_threads'
import { InvariantError } from '../../base/errors.ts'
import { emptyHouseTurn, isEmpty, type FromShard, type HouseTurn, type ShardStart, type ToShard } from './messages.ts'
import type { Listening } from '../device-side.ts'
import { receivedError } from './sent-error.ts'

export class ShardPort {
  readonly #worker: Worker
  #turn = emptyHouseTurn()
  #stopped: (() => void) | undefined
  counts: Readonly<Record<string, number>> = {}
  metrics: readonly object[] = []

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Resolves once its sockets are open; rejects with the EnvironmentError of the one that is not. */
  static start(
    start: ShardStart,
    receive: (port: ShardPort, message: FromShard) => void,
    fatal: (error: InvariantError) => void,
  ): Promise<{ port: ShardPort; listening: Listening }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ port: ShardPort; listening: Listening }>()
    const file = import.meta.url.endsWith('.ts') ? './shard.ts' : './shard.js'
    const worker = new Worker(new URL(file, import.meta.url), { name: `shard ${start.share.index}`, workerData: start })
    const port = new ShardPort(worker)
    worker.on('message', (message: FromShard) => {
      switch (message.kind) {
        case 'listening':
          resolve({ port, listening: message })
          return
        case 'failed':
          reject(receivedError(message.error))
          return
        case 'counts':
          port.counts = message.counts
          port.metrics = message.metrics
          return
        case 'stopped':
          port.#stopped?.()
          return
        default:
          receive(port, message)
      }
    })
    worker.on('error', (error) => {
      reject(error)
      fatal(new InvariantError(`shard ${start.share.index} has died`, { cause: error }))
    })
    return promise
  }

  /** What is to be told at the end of the house's turn. */
  get turn(): HouseTurn {
    return this.#turn
  }

  flush(): void {
    if (isEmpty(this.#turn)) return
    this.tell(this.#turn)
    this.#turn = emptyHouseTurn()
  }

  tell(message: ToShard): void {
    this.#worker.postMessage(message)
  }

  /** Lets it finish what is under way; the house goes on answering it until then. */
  stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stopped = resolve
    this.tell({ kind: 'stop' })
    return promise
  }
}
