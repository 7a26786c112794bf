/** The virtual device over real UDP against a scripted server on the npm package `coap`. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds } from '../../../src/base/time.ts'
import { formats } from '../../../src/device/payload/formats.ts'
import type { DeviceOptions } from '../../../src/device/options.ts'
import { DeviceRun } from './device-run.ts'
import { ScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
let device: DeviceRun | undefined

beforeEach(async () => {
  server = await ScriptedServer.open()
})
afterEach(async () => {
  await device?.stop()
  device = undefined
  server.close()
})

async function registered(options: Partial<DeviceOptions> = {}): Promise<DeviceRun> {
  device = new DeviceRun(server.uri, options)
  await server.next('POST', '/rd')
  await device.says(/→ register .* 2\.01/)
  return device
}

it('registers with its objects and parameters, updates when told, and deregisters at the end', async () => {
  device = new DeviceRun(server.uri, { lifetime: 120 })
  const registration = await server.next('POST', '/rd')
  expect(registration.query).toBe('ep=urn:dev:e2e-1&lt=120&lwm2m=1.1&b=U')
  expect(registration.payload).toBe('</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</4/0>,</5/0>,</3303/0>')
  await device.says(/→ register .* 2\.01 \/rd\/r1/)
  expect((await server.ask({ method: 'POST', path: '/1/0/8' })).code).toBe('2.04')
  expect(await server.next('POST', '/rd/r1')).toMatchObject({ query: '', payload: '' })
  await server.ask({ method: 'PUT', path: '/1/0/1', contentFormat: 0, payload: '600' })
  expect(await server.next('POST', '/rd/r1')).toMatchObject({ query: 'lt=600' })
  expect(await device.stop()).toBe(0)
  expect(await server.next('DELETE', '/rd/r1')).toBeDefined()
})

it('updates by itself before its lifetime ends', async () => {
  await registered({ lifetime: 1 })
  expect(await server.next('POST', '/rd/r1')).toMatchObject({ query: '' })
  expect(await server.next('POST', '/rd/r1')).toMatchObject({ query: '' })
})

it('registers anew when the server does not know its registration', async () => {
  server.answers.set('POST /rd/r1', '4.04')
  await registered()
  await server.ask({ method: 'POST', path: '/1/0/8' })
  expect((await server.next('POST', '/rd')).query).toContain('ep=urn:dev:e2e-1')
  await device?.says(/→ register .* \/rd\/r2/)
})

it('does one register, update and deregister with `until: registered`', async () => {
  device = new DeviceRun(server.uri, { until: 'registered' })
  expect(await device.exit).toBe(0)
  await server.next('POST', '/rd')
  await server.next('POST', '/rd/r1')
  await server.next('DELETE', '/rd/r1')
})

it('ends with 1 where the server refuses it, and says what the server said', async () => {
  server.answers.set('POST /rd', '4.03')
  device = new DeviceRun(server.uri, { until: 'registered' })
  expect(await device.exit).toBe(1)
  expect(device.lines.some((line) => /→ register .* 4\.03/.test(line))).toBe(true)
})

it('says at once that no server is there, and finds it when it comes', async () => {
  const { uri } = server
  const port = Number(new URL(uri).port)
  server.close()
  device = new DeviceRun(uri)
  await device.says(/no server at 127\.0\.0\.1:\d+ .*npm start/)
  server = await ScriptedServer.open(port)
  expect((await server.next('POST', '/rd')).query).toContain('ep=urn:dev:e2e-1')
})

it('answers reads in the format asked for', async () => {
  await registered({ product: 'meter', version: '2.3.4' })
  expect(await server.ask({ path: '/3/0/3' })).toMatchObject({ code: '2.05', text: '2.3.4' })
  const json = await server.ask({ path: '/3/0', accept: formats.senmlJson })
  expect(JSON.parse(json.text)).toContainEqual({ n: '1', vs: 'meter' })
  const tlv = await server.ask({ path: '/3/0/1', accept: formats.tlv })
  expect([tlv.format, tlv.payload.toString('hex')]).toEqual(['application/vnd.oma.lwm2m+tlv', 'c5016d65746572'])
  expect((await server.ask({ path: '/3/0' })).format).toBe('application/senml+cbor')
  expect((await server.ask({ path: '/9/0' })).code).toBe('4.04')
  expect((await server.ask({ path: '/3/0', accept: 11543 })).code).toBe('4.06')
})

it('takes writes, lists itself and refuses what it cannot do', async () => {
  await registered()
  const write = { method: 'PUT', path: '/3/0/14', contentFormat: 0, payload: '+02:00' } as const
  expect((await server.ask(write)).code).toBe('2.04')
  expect((await server.ask({ path: '/3/0/14' })).text).toBe('+02:00')
  expect((await server.ask({ ...write, contentFormat: 11543 })).code).toBe('4.15')
  expect((await server.ask({ ...write, path: '/3/0/3' })).code).toBe('4.05')
  expect((await server.ask({ method: 'DELETE', path: '/3/0' })).code).toBe('4.05')
  expect((await server.ask({ method: 'PUT', path: '/3/0/9', query: 'pmin=10&pmax=60' })).code).toBe('2.04')
  const links = await server.ask({ path: '/3', accept: formats.linkFormat })
  expect(links.text).toContain('</3/0/9>;pmin=10;pmax=60')
})

it('notifies what it observes until told to stop', async () => {
  await registered()
  const notified: string[] = []
  const arrived = Promise.withResolvers<void>()
  const observation = await server.observe({ path: '/3/0/14' }, (payload) => {
    notified.push(payload)
    arrived.resolve()
  })
  expect(observation.first).toBe('+00:00')
  await server.ask({ method: 'PUT', path: '/3/0/14', contentFormat: 0, payload: '+05:30' })
  await arrived.promise
  expect(notified).toEqual(['+05:30'])
  await device?.says(/→ notify \/3\/0\/14 = \+05:30/)
})

it('reboots: answers, goes silent, registers anew from another port', async () => {
  const running = await registered()
  const port = server.devicePort
  expect((await server.ask({ method: 'POST', path: '/3/0/4' })).code).toBe('2.04')
  await server.next('POST', '/rd')
  await running.says(/• reboots/)
  expect(server.devicePort).not.toBe(port)
})

it('executes a repeated CON once and answers it each time', async () => {
  const running = await registered()
  // CON POST /1/0/8, message id 0x7d31, token 5a
  const trigger = Buffer.from('41027d315a' + 'b131' + '0130' + '0138', 'hex')
  const acks: string[] = []
  const twice = Promise.withResolvers<void>()
  server.socket.on('message', (datagram) => {
    if (datagram.readUInt16BE(2) !== 0x7d31) return
    acks.push(datagram.toString('hex'))
    if (acks.length === 2) twice.resolve()
  })
  server.socket.send(trigger, server.devicePort, '127.0.0.1')
  await server.next('POST', '/rd/r1')
  server.socket.send(trigger, server.devicePort, '127.0.0.1')
  await twice.promise
  expect(acks).toEqual(['61447d315a', '61447d315a'])
  expect(running.lines.filter((line) => line.includes('execute /1/0/8'))).toHaveLength(1)
})

it('of the sleepy Thread kind cuts long answers into small blocks that fit together', async () => {
  await registered({ personality: 'thread-sleepy', latency: seconds(0) })
  const answer = await server.ask({ path: '/3/0', accept: formats.senmlJson })
  expect(answer.payload.length).toBeGreaterThan(256)
  expect(JSON.parse(answer.text)).toContainEqual({ n: '17', vs: 'virtual' })
})

it('of the NB-IoT kind registers in queue mode', async () => {
  device = new DeviceRun(server.uri, { personality: 'nbiot', latency: seconds(0) })
  expect((await server.next('POST', '/rd')).query).toBe('ep=urn:dev:e2e-1&lt=300&lwm2m=1.1&b=U&Q')
})

it('gets through though its first datagram is lost', async () => {
  // With this seed the first datagram is among the lost half, the next ones are not.
  device = new DeviceRun(server.uri, { loss: 0.5, seed: 12 })
  await device.says(/datagram sent, but lost/)
  await device.says(/no answer yet to POST \/rd, sending again/)
  expect((await server.next('POST', '/rd')).query).toContain('ep=urn:dev:e2e-1')
})
