/**
 * `kill -9` of the shipped server, twenty times, while a thousand devices register and are written to:
 * nothing that was acknowledged may be missing afterwards, and nothing may have run twice.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { SocketDevice } from '../../support/socket-device.ts'

const deviceCount = 1000
const kills = 20
/** Milliseconds the longest wait for the rest may take. */
const settleLimit = 60_000

let directory: string
let server: ShippedServer
let devices: SocketDevice[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-crash-'))
})

afterEach(async () => {
  for (const device of devices) device.close()
  await server.end('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

interface Write {
  readonly device: SocketDevice
  readonly value: string
  /** The operation's id, once the API has acknowledged it. */
  id: number | undefined
}

test('nothing acknowledged is lost and nothing runs twice over 20 kills', { timeout: 400_000 }, async () => {
  const chance = new SeededRandom(0x5eed)
  server = await startShippedServer(directory)
  const { coapPort } = server
  devices = Array.from({ length: deviceCount }, (_, i) => new SocketDevice(`urn:dev:crash-${i}`, coapPort, i + 1))
  await Promise.all(devices.map((device) => device.open()))
  const registrations: Promise<boolean>[] = []
  const writes: Write[] = []
  const asked: Promise<void>[] = []
  const perRound = deviceCount / kills
  for (let round = 0; round < kills; round++) {
    const answerTime = await firstAnswer(server)
    for (const device of devices.slice(round * perRound, (round + 1) * perRound)) registrations.push(device.register())
    const registered = devices.filter((device) => device.acknowledged.length > 0)
    for (let i = 0; i < Math.min(perRound, registered.length); i++) {
      const device = registered[Math.floor(chance.fraction() * registered.length)]!
      const write: Write = {
        device,
        value: `+${String(round).padStart(2, '0')}:${String(i).padStart(2, '0')}`,
        id: undefined,
      }
      writes.push(write)
      asked.push(submit(server, write))
    }
    // Somewhere in the middle of it: the instant is the seed's, what it hits is the machine's. A slow one has longer.
    await elapse(chance.fraction() * Math.max(150, 10 * answerTime))
    await server.end('SIGKILL')
    server = await startShippedServer(directory, { coapPort })
  }
  expect(await Promise.all(registrations)).not.toContain(false)
  await Promise.all(asked)
  await settled()

  for (const device of devices) {
    const answer = await server.fetch(`/v1/devices/${encodeURIComponent(device.endpoint)}`)
    const row = (await answer.json()) as { registration?: { id: string } }
    expect(`rd/${row.registration?.id}`).toBe(device.acknowledged.at(-1))
  }
  const acknowledged = writes.filter((write) => write.id !== undefined)
  // How many got through between two kills is the machine's speed; with none the test would prove nothing.
  expect(acknowledged.length).toBeGreaterThan(10)
  for (const { device, value, id } of acknowledged) {
    const operation = (await (await server.fetch(`/v1/operations/${id}`)).json()) as { state: string; reason?: string }
    const runs = device.writes.filter((write) => write.value === value).length
    const superseded = operation.state === 'cancelled' && operation.reason === 'superseded'
    expect({ operation: id, ...operation, runs }).toMatchObject(
      superseded ? { runs: 0 } : { state: 'acknowledged', runs: 1 },
    )
  }
  const ranTwice = writes.filter(
    ({ device, value }) => device.writes.filter((write) => write.value === value).length > 1,
  )
  expect(ranTwice.map(({ value }) => value)).toEqual([])
})

/** Milliseconds until the server answered anything. */
async function firstAnswer(of: ShippedServer): Promise<number> {
  const asked = performance.now()
  await of.fetch('/v1/devices?limit=1')
  return performance.now() - asked
}

/** A write that the API may or may not get to acknowledge before the server dies. */
async function submit(to: ShippedServer, write: Write): Promise<void> {
  const body = JSON.stringify({ kind: 'write', path: '/3/0/14', value: write.value })
  const path = `/v1/devices/${encodeURIComponent(write.device.endpoint)}/operations`
  try {
    const answer = await to.fetch(path, { method: 'POST', body })
    if (answer.status < 300) write.id = ((await answer.json()) as { id: number }).id
  } catch {
    // The connection went down with the server: nothing was acknowledged, nothing is promised.
    write.id = undefined
  }
}

/** Waits until no operation is open any more. */
async function settled(): Promise<void> {
  const deadline = performance.now() + settleLimit
  for (;;) {
    const open = await Promise.all(
      ['queued', 'sent'].map(async (state) => {
        const answer = await server.fetch(`/v1/operations?state=${state}&limit=1`)
        return ((await answer.json()) as { operations: readonly unknown[] }).operations.length
      }),
    )
    if (open.every((count) => count === 0)) return
    expect(performance.now(), 'operations still open').toBeLessThan(deadline)
    await elapse(250)
  }
}

function elapse(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
