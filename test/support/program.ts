/** Programs we did not write: whether one is installed, and running one until it has said what it should. */
import { spawn, spawnSync } from 'node:child_process'

export function isInstalled(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', `command -v ${program}`]).status === 0
}

export interface ProgramRun {
  readonly program: string
  readonly args: readonly string[]
  /** Written to its standard input at once; the input stays open. */
  readonly input?: string | Uint8Array
  /** What it has to say for the run to be over. */
  readonly until: RegExp
  /** Milliseconds after which it is killed. */
  readonly deadline?: number
}

/** Everything it wrote, up to what was waited for; where that never came, whatever there was. */
export async function runProgram(run: ProgramRun): Promise<string> {
  const child = spawn(run.program, run.args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  const ended = Promise.withResolvers<void>()
  const deadline = setTimeout(ended.resolve, run.deadline ?? 15_000)
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('latin1')
    if (run.until.test(output)) ended.resolve()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.on('error', ended.resolve)
  child.on('close', () => ended.resolve())
  child.stdin.on('error', () => ended.resolve()) // it went before it read what we wrote
  if (run.input !== undefined) child.stdin.write(run.input)
  await ended.promise
  clearTimeout(deadline)
  child.kill('SIGKILL')
  return output
}
