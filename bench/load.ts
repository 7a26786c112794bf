/** Runs a load generator (`load.c`, `load-dtls.c`) once and reads what it measured. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { compiled } from './compile.ts'
import { loadCore, pinned } from './process.ts'

export interface Load {
  readonly scenario:
    'get' | 'non-get' | 'post' | 'block2' | 'register' | 'update' | 'dtls-get' | 'dtls-handshake' | 'dtls-flood'
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
  /** Milliseconds of load before the measurement begins. */
  readonly warm?: number
  /** With a connection id (dtls). */
  readonly cid?: boolean
  /** Forged records a second (dtls-flood). */
  readonly rate?: number
}

/** One measurement; the fields are explained in `load.c`. Latencies in microseconds. */
export interface Measured {
  readonly perSecond: number
  /** Answered, warm-up included: to be set against CPU time. */
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

export async function runLoad(load: Load, port: number, seconds: number): Promise<Measured> {
  const { scenario, peers, window, path = 'test', prefix = 'bench', warm = 300 } = load
  const [, dtls] = /^dtls-(.*)/.exec(scenario) ?? []
  const flags = {
    ...{ port, scenario: dtls ?? scenario, path, peers, window, seconds, prefix, warm },
    ...(dtls === undefined ? { burst: load.burst } : { cid: load.cid === false ? 0 : 1, rate: load.rate ?? 0 }),
  }
  const program = dtls === undefined ? compiled('load') : compiled('load-dtls', ['-lcrypto'])
  const parameters = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  if (load.echo === true) parameters.push('--echo')
  const { stdout } = await promisify(execFile)(...pinned(loadCore, program, ...parameters))
  return JSON.parse(stdout) as Measured
}
