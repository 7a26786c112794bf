/** `coapstan doctor` by the launcher, as a person runs it: a fit machine, and three mistakes. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const launcher = join(import.meta.dirname, '../../../bin/coapstan.cjs')
let directory: string
let server: ShippedServer | undefined

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-doctor-'))
})
afterEach(async () => {
  await server?.end('SIGTERM')
  server = undefined
  rmSync(directory, { recursive: true })
})

async function doctor(...flags: readonly string[]): Promise<{ code: number; said: string }> {
  const ports = ['--coap-port', '0', '--coaps-port', '0', '--http-port', '0']
  const child = spawn(process.execPath, [launcher, 'doctor', '--data-directory', directory, ...ports, ...flags])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

it('finds a machine fit that the server runs on, and touches nothing', async () => {
  server = await startShippedServer(directory)
  const { code, said } = await doctor()
  expect(said).toMatch(/database .*in use by a running server/)
  expect(said).toMatch(/fit to run/)
  expect(code).toBe(0)
  expect((await server.fetch('/readyz')).status).toBe(200)
})

it('says so in JSON for a script', async () => {
  const { code, said } = await doctor('-o', 'json')
  const findings = JSON.parse(said) as { subject: string; verdict: string }[]
  expect(findings.map(({ subject }) => subject)).toContain('receive buffer')
  expect(code).toBe(0)
})

it('finds secrets that others can read', async () => {
  server = await startShippedServer(directory)
  chmodSync(join(directory, 'api-token'), 0o644)
  const { code, said } = await doctor()
  expect(said).toMatch(/✗ data directory .*api-token/)
  expect(said).toMatch(/→ chmod go= \S+api-token/)
  expect(code).toBe(1)
})

it('finds a port another program has', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve))
  const { code, said } = await doctor('--coap-host', '127.0.0.1', '--coap-port', String(other.address().port))
  other.close()
  expect(said).toMatch(/✗ coap port .*EADDRINUSE/)
  expect(code).toBe(1)
})

it('knows the flags of the server and no other', async () => {
  const { code, said } = await doctor('--coap-prt', '1')
  expect(said).toContain("'coapstan doctor --help' lists every flag")
  expect(code).toBe(2)
})
