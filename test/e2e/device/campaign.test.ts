/**
 * A campaign over real sockets, with one thread for devices and with two: a canary, a server killed in the middle,
 * a faulty image at which the gate stops, the touched devices taken back, and nobody begun twice.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { makeImage } from '../../../src/device/firmware/image.ts'
import { rankOf } from '../../../src/fleet/campaigns/selection.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { cliEnd } from '../server/run-cli.ts'
import { DeviceRun } from './device-run.ts'

const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `urn:dev:campaign-${letter}`)
const campaign = {
  name: 'spring',
  image: '1.1.0',
  stages: [{ count: 1, soak: '0s' }, { count: 3, soak: '0s' }, { percent: 100 }],
  failure: { percent: 30, minimumSample: 3 },
  onBreach: 'rollback',
}
/** Of the first campaign of a server. */
const campaignId = 1

interface Created {
  readonly deviceId: number
  readonly endpoint: string
}

it.concurrent.for([1, 2])(
  'with %i threads a campaign outlives a kill, stops at its gate, and takes back whom it touched',
  { timeout: 120_000 },
  async (shards, { expect, onTestFinished }) => {
    const directory = mkdtempSync(join(tmpdir(), 'coapstan-campaign-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    let server: ShippedServer | undefined
    const flags = ['--shards', String(shards), '--firmware-health-window', '0s']
    const start = async (coapPort?: number): Promise<ShippedServer> =>
      (server = await startShippedServer(join(directory, 'data'), {
        flags,
        ...(coapPort !== undefined && { coapPort }),
      }))
    const { coapPort } = await start()
    onTestFinished(() => server?.end('SIGKILL'))
    const ask = async <T>(path: string, method = 'GET', body?: object): Promise<T> => {
      const answer = await server!.fetch(path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
      expect([path, answer.status < 300 ? '' : await answer.clone().text()]).toEqual([path, ''])
      return (await answer.json()) as T
    }
    for (const version of ['1.0.0', '1.1.0']) {
      const body = Uint8Array.from(makeImage(version, 20_000, new SeededRandom(1))!)
      const headers = { 'content-type': 'application/octet-stream' }
      await server!.fetch('/v1/firmware-images?product=demo', { method: 'POST', body, headers })
    }

    // Which of them comes when is the campaign's choice; the second of the second stage gets a faulty image.
    for (const name of names) await ask(`/v1/devices/${name}`, 'PUT', { product: 'demo' })
    const { events } = await ask<{ events: readonly Created[] }>('/v1/events?kind=device.created')
    const inOrder = events.toSorted((a, b) => rankOf(campaignId, a.deviceId) - rankOf(campaignId, b.deviceId))
    expect(inOrder).toHaveLength(names.length)
    const devices = inOrder.map(
      ({ endpoint }, at) =>
        new DeviceRun(`coap://127.0.0.1:${coapPort}`, { endpoint, seed: at, faultyImage: at === 2 && 'boot' }),
    )
    for (const device of devices) onTestFinished(() => device.stop().then(() => undefined))
    await Promise.all(devices.map((device) => device.says(/→ register .* 2\.01/)))
    const [canary, second] = devices

    await ask('/v1/campaigns', 'POST', campaign)
    await ask('/v1/campaigns/spring/start', 'POST', {})
    await canary!.says(/image 1\.1\.0 confirmed/)
    await second!.says(/firmware {2}Downloading/)
    await server!.end('SIGKILL')
    await start(coapPort)

    // It stays until the way back has come to its end as well.
    const watched = await cliEnd(server!, 'campaign', 'watch', 'spring')
    expect([watched.code, watched.err]).toEqual([1, ''])
    expect(watched.out).toMatch(/^spring halted, stage 2 of 3, 2 succeeded, 1 failed.*the failure gate stops/m)
    expect(watched.out).toMatch(/^spring-rollback completed, stage 1 of 1, 2 succeeded, 0 failed/m)
    const { code, out } = await cliEnd(server!, 'campaign', 'report', 'spring')
    expect([code, out]).toEqual([1, expect.stringContaining('1 of 3 attempted devices failed')])
    expect(out).toContain('3 devices were begun; of 3 attempted, 2 succeeded')
    expect(out).toContain('1 failed because the device could not install the package')
    const back = await ask<object>('/v1/campaigns/spring-rollback/report')
    expect(back).toMatchObject({ verdict: 'passed', campaign: { counts: { succeeded: 2, failed: 0 } } })

    const tried = devices.map(({ lines }) => lines.flatMap((line) => /tries image (\S+)/.exec(line)?.[1] ?? []))
    expect(tried).toEqual([['1.1.0', '1.0.0'], ['1.1.0', '1.0.0'], ['1.1.0'], [], []])
  },
)
