/** The command line as a user types it, against a running server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ShippedServer } from '../../support/shipped-server.ts'

const launcher = join(import.meta.dirname, '../../../bin/coapstan.cjs')

/** Its standard output; fails with what else it said where it does not end with 0. */
export async function runCli(server: ShippedServer, ...argv: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [launcher, ...argv], {
    env: {
      PATH: process.env['PATH'],
      COAPSTAN_SERVER: `http://127.0.0.1:${server.httpPort}`,
      COAPSTAN_TOKEN: server.token,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  expect([argv.join(' '), code, code === 0 ? '' : texts.err + texts.out]).toEqual([argv.join(' '), 0, ''])
  return texts.out
}
