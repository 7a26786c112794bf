/** The command line as a user types it, against a running server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ShippedServer } from '../../support/shipped-server.ts'

const launcher = join(import.meta.dirname, '../../../bin/coapstan.cjs')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** How it ended, and all it said. */
export async function cliEnd(server: ShippedServer, ...argv: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [launcher, ...argv], {
    env: {
      PATH: process.env['PATH'],
      COAPSTAN_SERVER: `http://127.0.0.1:${server.httpPort}`,
      COAPSTAN_TOKEN: server.token,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts }
}

/** Its standard output; fails with what else it said where it does not end with 0. */
export async function runCli(server: ShippedServer, ...argv: readonly string[]): Promise<string> {
  const { code, out, err } = await cliEnd(server, ...argv)
  expect([argv.join(' '), code, code === 0 ? '' : err + out]).toEqual([argv.join(' '), 0, ''])
  return out
}
