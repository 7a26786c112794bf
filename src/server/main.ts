/**
 * Composition root: puts the rooms together, starts them in order, stops them in reverse. The only place
 * that knows them all.
 */
import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { EnvironmentError, UsageError } from '../base/errors.ts'
import { settingsFromArguments } from './arguments.ts'
import { limitHeap } from './heap.ts'
import { startServer, type Server } from './server.ts'

const exitUsage = 2
const exitEnvironment = 1

async function main(): Promise<void> {
  limitHeap()
  const settings = settingsFromArguments(process.argv.slice(2), process.env)
  const server = await startServer(settings, { version: versionOfPackage(), fatal: fail })
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(exitEnvironment)
    stopping = true
    process.stdout.write(`\n${signal}: stopping\n`)
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  // The end of a terminal stops what runs in it; without one SIGHUP is the word of an init system to read anew.
  process.on('SIGHUP', (signal) => (process.stdin.isTTY ? stop(signal) : reload(server)))
  // Whoever reads that it listens may stop it the moment after.
  for (const line of server.startUpLines()) process.stdout.write(`${line}\n`)
}

function reload(server: Server): void {
  try {
    server.reloadObjects()
    process.stdout.write('SIGHUP: object definitions are read again\n')
  } catch (error) {
    process.stderr.write(`coapstan: ${(error as Error).message}; nothing was changed\n`)
  }
}

function versionOfPackage(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function fail(error: unknown): never {
  if (error instanceof UsageError || error instanceof EnvironmentError) {
    process.stderr.write(`${styleText('red', 'coapstan:', { stream: process.stderr })} ${error.message}\n`)
    if (error instanceof UsageError && error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`)
    process.exit(error instanceof UsageError ? exitUsage : exitEnvironment)
  }
  throw error
}

main().catch(fail)
