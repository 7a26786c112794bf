/**
 * A server that cannot start says why in a sentence and ends with exit code 1, and leaves behind nothing
 * that a later start would stumble over.
 */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startShippedServer } from '../../support/shipped-server.ts'

let directory: string
let data: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-start-up-'))
  data = join(directory, 'data')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** What it printed, with its exit code in front, as `1: coapstan: …`. */
async function failure(flags: readonly string[] = [], where = data): Promise<string> {
  try {
    const server = await startShippedServer(where, { flags })
    await server.end('SIGKILL')
    return 'it started'
  } catch (error) {
    return (error as Error).message
  }
}

async function startsAfterwards(): Promise<boolean> {
  const server = await startShippedServer(data)
  await server.end('SIGTERM')
  return server.process.exitCode === 0
}

it('a UDP port in use', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve))
  const { port } = other.address()
  const message = await failure(['--coap-port', String(port)])
  other.close()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(new RegExp(`coapstan: .*${port}`))
  expect(message).toContain('choose another port')
  expect(message).not.toMatch(/^ +at /m)
  expect(await startsAfterwards()).toBe(true)
})

it('a TCP port in use', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const message = await failure(['--http-port', String(port)])
  other.close()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(new RegExp(`another program listens on 127\\.0\\.0\\.1:${port}.*--http-port`))
  expect(message).not.toMatch(/^ +at /m)
  expect(await startsAfterwards()).toBe(true)
})

it('a data directory that cannot be written', async () => {
  // Permissions mean nothing to root; a file in the way stops everybody.
  const isRoot = process.getuid?.() === 0
  if (isRoot) writeFileSync(data, 'a file')
  else {
    mkdirSync(data)
    chmodSync(data, 0o500)
  }
  const message = await failure()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/data directory .*data cannot be written .*--data-directory/)
  if (isRoot) expect(readFileSync(data, 'utf8')).toBe('a file')
  else expect(existsSync(join(data, 'coapstan.db'))).toBe(false)
})

it('a data directory below a file', async () => {
  writeFileSync(data, 'a file')
  const message = await failure([], join(data, 'below'))
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/cannot be written \(there is a file in the way\)/)
})

it.runIf(process.platform === 'linux')('a data directory where the system lets nobody make one', async () => {
  const message = await failure([], '/proc/nowhere/data')
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/\/proc\/nowhere\/data cannot be written \(no directory can be made there\)/)
})

it('a database of a newer version is left as it is', async () => {
  expect(await startsAfterwards()).toBe(true)
  const file = join(data, 'coapstan.db')
  const database = new DatabaseSync(file)
  database.exec(`INSERT INTO migration VALUES (9999, '9999-future.sql', 'x', 0)`)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  const before = hashOf(file)
  const message = await failure()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/newer/)
  expect(hashOf(file)).toBe(before)
})

it("another program's database is left as it is", async () => {
  mkdirSync(data)
  const file = join(data, 'coapstan.db')
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE theirs (a)')
  database.close()
  const before = hashOf(file)
  const message = await failure()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/database of another program/)
  expect(hashOf(file)).toBe(before)
})

it('a second server on the same data directory, while the first goes on', async () => {
  const first = await startShippedServer(data)
  const message = await failure()
  expect(message).toMatch(/ended with 1/)
  expect(message).toMatch(/another server is running on '.*data'/)
  expect((await first.fetch('/v1/status')).status).toBe(200)
  await first.end('SIGTERM')
  expect(await startsAfterwards()).toBe(true)
})

it.each([
  ['a flag nobody knows', ['--colour', 'red'], /--colour/],
  ['a value out of range', ['--coap-body-limit', '7'], /coap\.body-limit|coap-body-limit/],
])('%s ends with exit code 2 before anything is made', async (_, flags, named) => {
  const message = await failure(flags)
  expect(message).toMatch(/ended with 2/)
  expect(message).toMatch(named)
  expect(existsSync(data)).toBe(false)
})

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
