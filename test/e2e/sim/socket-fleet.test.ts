/** `coapstan sim` against the shipped server: real sockets, DTLS, a campaign that stops itself and goes back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { cliEnd, type Ended } from '../server/run-cli.ts'

const scenario = fileURLToPath(new URL('../../support/small-fleet.yaml', import.meta.url))

let directory: string
let server: ShippedServer
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-sim-test-'))
  server = await startShippedServer(directory, {
    flags: ['--firmware-health-window', '1s', '--firmware-backoff', '1s'],
  })
})
afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

const coapstan = (...args: readonly string[]): Promise<Ended> => cliEnd(server, ...args)

test(
  'sixty devices over UDP and DTLS: the campaign halts, takes back whom it touched, and says so',
  { timeout: 120_000 },
  async () => {
    const picture = join(directory, 'fleet.svg')
    const { code, err, out } = await coapstan('sim', 'run', scenario, '-o', 'json', '--picture', picture, '--withdraw')
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/attempted devices failed .* the failure gate stops above 5 %/),
    ])
    const outcome = JSON.parse(out) as Record<string, Record<string, unknown>>
    expect(outcome).toMatchObject({ devices: 60, mode: 'sockets', unmet: [], campaign: { state: 'halted' } })
    expect(outcome['census']!['registered']).toBeGreaterThanOrEqual(57)
    expect(outcome['counts']!['reverts']).toBeGreaterThan(0)
    expect(outcome['network']!['lost']).toBeGreaterThan(0)
    expect(outcome['handshakes']!['completed']).toBeGreaterThanOrEqual(60)
    expect(readFileSync(picture, 'utf8')).toMatch(/^<svg[^]*rollback completed/)
    const { devices } = (await (await server.fetch('/v1/devices?tag=simulated=yes')).json()) as { devices: unknown[] }
    expect(devices).toEqual([])
  },
)

test('a scenario that ends otherwise than expected is exit code 1, a wrong one 2 with its line', async () => {
  const missed = await coapstan('sim', 'run', scenario, '--devices', '2', '--duration', '1s')
  expect([missed.code, missed.err]).toEqual([1, expect.stringContaining('not as expected: the campaign is not begun')])
  const file = join(directory, 'wrong.yaml')
  writeFileSync(file, 'name: wrong\ndevices: 3\nduration: 1m\nfaults:\n  power-cut: { share: 5 }\n')
  const wrong = await coapstan('sim', 'run', file)
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringMatching(/is no scenario that could be run\n {2}line 5: faults\.power-cut\.at is missing/),
  ])
  const elsewhere = await coapstan('sim', 'run', scenario, '--server', 'http://192.0.2.1:8080')
  expect([elsewhere.code, elsewhere.err]).toEqual([2, expect.stringContaining('--yes-this-is-my-server')])
})
