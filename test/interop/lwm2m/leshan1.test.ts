/**
 * The LwM2M 1.0 client of Eclipse Leshan 1.5 against the shipped server, in the clear and over DTLS: a device of the
 * first generation, which registers no formats and has neither composites nor attributes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LeshanPeer, leshan1Built } from '../../support/leshan-peer.ts'
import { Operator } from '../../support/operator.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const temperature = '/3303/0/5700'
const key = '5c1f0c2b9a8e4d3c6b5a49382716e5f9'

let directory: string
let server: ShippedServer
let leshan: LeshanPeer
const operator = new Operator(() => server)

beforeAll(async () => {
  if (!leshan1Built) return
  directory = mkdtempSync(join(tmpdir(), 'coapstan-leshan1-'))
  server = await startShippedServer(join(directory, 'data'), {
    flags: ['--coap-profile', 'ip', '--coaps-profile', 'ip'],
  })
  leshan = new LeshanPeer('leshan1', ['objects/3303-1.0.xml'])
})
afterAll(async () => {
  if (!leshan1Built) return
  await leshan.close()
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

const doors = [
  ['in the clear', 'leshan1-clear'],
  ['over DTLS', 'leshan1-secured'],
] as const

describe.skipIf(!leshan1Built).each(doors)(
  'Leshan 1 %s (skipped where scripts/build-peers.sh did not build it)',
  (door, name) => {
    const device = (): Promise<{ registration?: { lifetimeSeconds: number; links: string } }> =>
      operator.json('GET', `/v1/devices/${name}`)
    const samples = (): Promise<readonly unknown[]> => operator.samples(name, 'notification', temperature)

    it('registers with 1.0, and updates its lifetime when that is written', async () => {
      if (door === 'in the clear') leshan.start(name, { server: `coap://127.0.0.1:${server.coapPort}` })
      else {
        await operator.json('POST', '/v1/credentials', { endpoint: name, identity: name, key })
        leshan.start(name, { server: `coaps://127.0.0.1:${await server.port('coaps')}`, identity: name, key })
      }
      await leshan.says(name, /^registered/)
      expect(await device()).toMatchObject({
        status: 'awake',
        registration: {
          lwm2mVersion: '1.0',
          lifetimeSeconds: 300,
          links: expect.stringContaining('</3303/0>') as unknown,
        },
      })
      await operator.gets(name, 'write', '/1/0/1', 400)
      await leshan.says(name, /^updated/)
      await expect.poll(device, { timeout: 10_000 }).toMatchObject({ registration: { lifetimeSeconds: 400 } })
    })

    it('is read, written, executed, discovered', async () => {
      const resources = { 0: { value: 'Eclipse Leshan' }, 9: { value: 87 } }
      expect(await operator.gets(name, 'read', '/3/0')).toMatchObject({ resources })
      expect(await operator.gets(name, 'read', '/3')).toMatchObject({ instances: { 0: { resources } } })
      expect(await operator.gets(name, 'read', '/3/0/9')).toMatchObject({ value: 87 })
      await operator.gets(name, 'write', '/3/0/14', '+03:00')
      expect(await operator.gets(name, 'read', '/3/0/14')).toMatchObject({ value: '+03:00' })
      await operator.gets(name, 'write-partial', '/3/0', { 14: '+04:00' })
      expect(await operator.gets(name, 'read', '/3/0/14')).toMatchObject({ value: '+04:00' })
      await operator.gets(name, 'execute', '/3/0/4', "0='now'")
      expect(await leshan.says(name, /^executed/)).toBe("executed /3/0/4 0='now'")
      expect(await operator.gets(name, 'discover', '/3303/0')).toHaveLength(3)
    })

    it('creates and deletes an instance', async () => {
      expect(await operator.gets(name, 'create', '/3303/3', { 5700: 7 })).toEqual({ path: '/3303/3' })
      const links = async (): Promise<string> => (await device()).registration!.links
      await expect.poll(links, { timeout: 10_000 }).toContain('</3303/3>')
      expect(await operator.gets(name, 'read', '/3303/3/5700')).toMatchObject({ value: 7 })
      await operator.gets(name, 'delete', '/3303/3')
      await expect.poll(links, { timeout: 10_000 }).not.toContain('</3303/3>')
    })

    it('notifies, though it takes no attributes (5.00, not implemented)', async () => {
      expect(await operator.gets(name, 'observe', temperature, { pmin: 1 })).toMatchObject({ value: 20.5 })
      leshan.tell('set', name, '25')
      await expect.poll(samples, { timeout: 10_000 }).toEqual([25])
      const { observations } = await operator.json<{ observations: object[] }>(
        'GET',
        `/v1/devices/${name}/observations`,
      )
      expect(observations).toMatchObject([{ state: 'established', attributes: { state: 'refused' } }])
      await operator.gets(name, 'cancel-observe', temperature)
      leshan.tell('set', name, '26')
      expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 26 })
      expect(await samples()).toEqual([25])
    })

    it('is not asked what came with 1.1', async () => {
      const body = JSON.stringify({ kind: 'read-composite', path: '/3/0/9 /3/0/14' })
      const answer = await server.fetch(`/v1/devices/${name}/operations`, { method: 'POST', body })
      expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('1.1') as unknown })
    })

    it('deregisters', async () => {
      leshan.tell('stop', name)
      await leshan.says(name, /^deregistered/)
      expect(await device()).toMatchObject({ status: 'offline' })
    })
  },
)
