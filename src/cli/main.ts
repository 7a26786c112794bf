/** The command line as a process: its screens, files, signals and exit code. */
import { spawn } from 'node:child_process'
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'
import type { Screen, SourceFile, Surroundings } from './surroundings.ts'
import { interruptedExit } from './failure.ts'

const interrupted = new AbortController()
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)
// Whoever reads us has enough: `coapstan devices | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), surroundings())

/** The first time orderly, the second time at once. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(interruptedExit)
  interrupted.abort()
}

function surroundings(): Surroundings {
  return {
    out: screen(process.stdout),
    err: screen(process.stderr),
    environment: process.env,
    version: (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
      .version,
    fetch,
    readText: (file) => ifThere(() => readFileSync(file, 'utf8')),
    openFile,
    writeFile: (file, octets) => writeFileSync(file, octets),
    runScript,
    now: () => Date.now(),
    every(milliseconds, beat) {
      const timer = setInterval(beat, milliseconds)
      return () => clearInterval(timer)
    },
    pause,
    interrupted: interrupted.signal,
  }
}

function screen(stream: NodeJS.WriteStream): Screen {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      // Some terminals say 0 until somebody looks at them.
      return stream.columns || 80
    },
  }
}

function openFile(file: string): SourceFile | undefined {
  return ifThere(() => ({
    size: statSync(file).size,
    stream: () => Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>,
  }))
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function runScript(script: URL, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: 'inherit' })
    // A terminal interrupts the child by itself; a signal for us alone has to be passed on.
    const pass = (): void => void child.kill('SIGTERM')
    process.on('SIGTERM', pass)
    child.on('error', reject)
    child.on('exit', (code) => {
      process.off('SIGTERM', pass)
      resolve(code ?? interruptedExit)
    })
  })
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
}
