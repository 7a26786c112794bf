/**
 * Processes of a benchmark: each pinned to a core, all ended with us. Subjects share core 0, the load
 * generator has core 1 for itself.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'

export const subjectCore = 0
export const loadCore = availableParallelism() > 1 ? 1 : 0

/** What stands in the way of honest numbers on this machine, one sentence each. */
export function reservations(): string[] {
  const found: string[] = []
  if (!canPin) found.push("'taskset' is missing: processes are not pinned to cores")
  if (loadCore === subjectCore) found.push('one core only: the load generator steals from what it measures')
  return found
}

const canPin = spawnSync('taskset', ['--version']).status === 0

export function pinned(core: number, command: string, ...parameters: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', `${core}`, command, ...parameters]] : [command, [...parameters]]
}

export interface ThreadTime {
  /** As the system has it: `node-MainThread`, `node-V8Worker`, `shard 0`. */
  readonly name: string
  /** Of processor time. */
  readonly seconds: number
}

export interface Running {
  readonly port: number
  /** Resident memory now, bytes. */
  residentMemory(): number
  /** Seconds of processor time used so far, by all its threads. */
  cpuTime(): number
  /** What each of its threads has used so far, by id. */
  threadTimes(): ReadonlyMap<string, ThreadTime>
  /** Where it listens for DTLS, where that is another port. */
  readonly securedPort?: number
  /** Has the server observe a value of these devices, where it does not do so by itself. */
  observe?(endpoints: readonly string[]): Promise<void>
  /** Gives the server a pre-shared key for each of these, as `load-lwm2m.c --salt` has them. */
  provision?(endpoints: readonly string[], salt: number): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** What a program prints when it listens, with its UDP port in parentheses. */
const readyLine = /^ready (\d+)/

/**
 * Starts a program on the subjects' core. `port`: where it listens, or the line in which it says so. `seen` gets
 * every line it prints.
 */
export async function startSubject(
  command: string,
  parameters: readonly string[],
  port: number | RegExp = readyLine,
  seen: (line: string) => void = () => undefined,
): Promise<Running> {
  const child = spawn(...pinned(subjectCore, command, ...parameters), { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${command} ended with code ${code} before it was ready`)))
  })
  const ready = typeof port === 'number' ? isListening(port) : portSaid(child, port, seen)
  const bound = await Promise.race([ready, failed])
  failed.catch(() => undefined)
  return {
    port: bound,
    residentMemory: () => residentMemory(child),
    cpuTime: () => cpuTime(child),
    threadTimes: () => threadTimes(child),
    stop: (signal = 'SIGKILL') => {
      child.kill(signal)
      return ended
    },
  }
}

function portSaid(child: ChildProcess, readyLine: RegExp, seen: (line: string) => void): Promise<number> {
  const lines = createInterface({ input: child.stdout! })
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      seen(line)
      const port = readyLine.exec(line)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/** Waits until some process of this machine has the UDP port. */
async function isListening(port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  for (;;) {
    if (['/proc/net/udp', '/proc/net/udp6'].some((table) => readFileSync(table, 'latin1').includes(local))) return port
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function residentMemory(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuTime(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Of each thread the first number of its schedstat: nanoseconds on a processor. */
function threadTimes(child: ChildProcess): ReadonlyMap<string, ThreadTime> {
  const tasks = `/proc/${child.pid}/task`
  const said = (thread: string, file: string): string => readFileSync(`${tasks}/${thread}/${file}`, 'latin1').trim()
  const timeOf = (thread: string): ThreadTime => ({
    name: said(thread, 'comm'),
    seconds: Number(said(thread, 'schedstat').split(' ')[0]) / 1e9,
  })
  return new Map(readdirSync(tasks).map((thread) => [thread, timeOf(thread)]))
}
