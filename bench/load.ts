/** Runs a load generator (`load.c`, `load-dtls.c`, `load-lwm2m.c`) once and reads what it measured. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { compiled } from './compile.ts'
import { loadCore, pinned } from './process.ts'

export interface Load {
  readonly scenario:
    | 'get'
    | 'non-get'
    | 'post'
    | 'block2'
    | 'register'
    | 'update'
    | 'dtls-get'
    | 'dtls-handshake'
    | 'dtls-ecdsa'
    | 'dtls-flood'
    | 'notify'
    | 'send'
    /** All peers once, as fast as they get answers. */
    | 'register-all'
    | 'drain'
  readonly path?: string
  /** The subject sends back what it gets: match answers by token only. */
  readonly echo?: boolean
  readonly peers: number
  /** Simulated peers that wait for an answer at one time. */
  readonly window: number
  /** Requests each of them sends at once. */
  readonly burst: number
  /** Endpoint names or identities begin with this (register, update, dtls). */
  readonly prefix?: string
  /** LwM2M over DTLS, each identity with a key of its own (register, update, send, notify). */
  readonly secured?: boolean
  /** Which of the runs this is: each has devices and keys of its own. */
  readonly run?: number
  /** Answers of each device (drain). */
  readonly operations?: number
  /** Milliseconds of load before the measurement begins. */
  readonly warm?: number
  /** The number of the peer, from 1, is the last segment of its path, base 36 (get, block2). */
  readonly numbered?: boolean
  /** SZX of the blocks it asks for (block2); 6, which is 1024 octets, unless told. */
  readonly szx?: number
  /** With a connection id (dtls). */
  readonly cid?: boolean
  /** Forged records a second (dtls-flood). */
  readonly rate?: number
}

/** One measurement; the fields are explained in `load.c`. Latencies in microseconds. */
export interface Measured {
  readonly perSecond: number
  /** Answered since it began, warm-up included: to be set against CPU time. */
  readonly total: number
  readonly answered: number
  readonly refused: number
  readonly firstRefusal: string
  readonly lost: number
  readonly stray: number
  readonly payloadBytes: number
  readonly downloads: number
  readonly p50: number
  readonly p99: number
  readonly idle: number
}

/** Who hears of a load before its result. */
export interface LoadWatcher {
  /** The devices of a `notify` load are there and can be observed. */
  registered(load: Load): Promise<void>
  /** Everything before the load is done. */
  begins(): void
}

const nobody: LoadWatcher = { registered: () => Promise.resolve(), begins: () => undefined }

export async function runLoad(
  load: Load,
  port: number,
  seconds: number,
  watcher: LoadWatcher = nobody,
): Promise<Measured> {
  const [program, parameters] = commandOf(load, port, seconds)
  const child = spawn(...pinned(loadCore, program, ...parameters), { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'registered') await watcher.registered(load)
    else if (line === 'begins') watcher.begins()
    else return JSON.parse(line) as Measured
  }
  throw new Error(`${program} ended without a result`)
}

/** In the clear too: what `load.c` does not do. */
const ownGenerator: readonly Load['scenario'][] = ['notify', 'send', 'register-all', 'drain']

function commandOf(load: Load, port: number, seconds: number): [program: string, parameters: string[]] {
  const { scenario, peers, window, burst, path = 'test', prefix = 'bench', warm = 300 } = load
  const common = { port, peers, window, seconds, prefix, warm }
  const flags = (given: object): string[] =>
    Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)])
  if (load.secured === true || ownGenerator.includes(scenario)) {
    const { operations = 10, run = 0, secured = false } = load
    const own = {
      scenario: scenario.replace('-all', ''),
      operations,
      first: run * peers + 1,
      ...(secured ? { dtls: 1, salt: run } : {}),
    }
    return [compiled('load-lwm2m', ['-lcrypto']), flags({ ...common, ...own })]
  }
  const [, dtls] = /^dtls-(.*)/.exec(scenario) ?? []
  if (dtls !== undefined) {
    const cid = load.cid === false ? 0 : 1
    return [compiled('load-dtls', ['-lcrypto']), flags({ ...common, path, scenario: dtls, cid, rate: load.rate ?? 0 })]
  }
  const parameters = flags({ ...common, path, scenario, burst })
  if (load.szx !== undefined) parameters.push('--szx', String(load.szx))
  if (load.echo === true) parameters.push('--echo')
  if (load.numbered === true) parameters.push('--numbered')
  return [compiled('load'), parameters]
}
