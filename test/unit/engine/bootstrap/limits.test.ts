/** Bootstraps that come to nothing, Bootstrap-Pack, and what the listener offers and limits; plain listener. */
import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '../../../../src/base/time.ts'
import { bootstrapped, BootstrapHarness, endpoint } from '../../../support/bootstrap-harness.ts'

const self = { uri: 'self', shortId: 1 } as const
const plainSelf = { ...self, security: 'none' } as const
const tlv = 11542

describe('failures', () => {
  it('Finish refused as inconsistent (4.06): the run says so', async () => {
    const { harness, run } = await bootstrapped({ servers: [plainSelf] }, { finish: 0x86 })
    expect(run).toMatchObject({ state: 'failed', reason: 'the device finds what it was given inconsistent (4.06)' })
    expect(harness.events.at(-1)).toMatchObject({ kind: 'bootstrap.failed' })
  })

  it('no template: 4.04, and the event says why', async () => {
    const harness = new BootstrapHarness()
    await harness.template('others', { for: { product: 'meter' }, servers: [plainSelf] })
    const client = harness.client(1, endpoint)
    client.ask(harness.now)
    harness.settle()
    expect(client.answers).toMatchObject([{ code: 0x84 }])
    expect(harness.events).toMatchObject([
      { kind: 'bootstrap.refused', detail: { reason: expect.stringContaining('template') } },
    ])
  })

  it('an unknown name in the clear where the policy is closed: 4.03', async () => {
    const harness = new BootstrapHarness({ 'bootstrap.policy': 'closed' })
    await harness.template('any', { servers: [plainSelf] })
    const client = harness.client(1, endpoint)
    client.ask(harness.now)
    harness.settle()
    expect(client.answers).toMatchObject([{ code: 0x83 }])
  })

  it('no format the client takes: failed, with its answer', async () => {
    const { run } = await bootstrapped({ servers: [plainSelf] }, { formats: [] })
    expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining('4.15') })
  })

  it('a client that refuses the content, not the format: failed, with what it said to the first write', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf] }, { formats: [], otherFormat: 0x80 })
    expect(client.asked.slice(1)).toEqual([
      'PUT /0/1 112',
      'PUT /0/1 11542',
      'PUT /0/1 110',
      'PUT /0/1 11544',
      'PUT /0/1 11543',
    ])
    expect(run).toMatchObject({ state: 'failed', reason: 'the device does not take /0/1 (4.00)' })
  })

  it('a silent device: the step is repeated, then the run waits, then it has failed', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [plainSelf] })
    const client = harness.client(1, endpoint)
    client.ask(harness.now)
    harness.loses = (direction) => direction === 'down' && client.asked.length >= 2
    harness.elapse(minutes(9))
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'running' })
    harness.elapse(minutes(3))
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({
      state: 'failed',
      reason: 'the device was silent for 10 minutes',
    })
    expect(harness.engine.size).toBe(0)
  })

  it('a full disk: nothing is answered, and the next repetition is served', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [plainSelf] })
    const client = harness.client(1, endpoint)
    harness.failing = true
    client.ask(harness.now)
    harness.settle()
    expect(client.answers).toEqual([])
    harness.failing = false
    harness.elapse(seconds(10))
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'finished' })
    expect(client.finished).toBe(1)
  })
})

describe('Bootstrap-Pack (1.2)', () => {
  it.each([
    [undefined, 112],
    [110, 110],
    [112, 112],
    [11544, 11544],
  ])('Accept %s gives everything in format %s, and the run is done', async (accept, format) => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [self] })
    const client = harness.client(1, endpoint)
    client.askPack(harness.now, accept)
    harness.settle()
    expect(client.answers).toMatchObject([{ code: 0x45, contentFormat: format }])
    expect(client.answers[0]!.payload.length).toBeGreaterThan(60)
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({
      state: 'finished',
      steps: [{ kind: 'pack', code: '2.05' }],
    })
  })

  it('leaves /0/0 and /0/1 alone, where the account of a client that cannot be asked most likely sits', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [self] })
    const client = harness.client(1, endpoint)
    client.askPack(harness.now, 110)
    harness.settle()
    const names = new TextDecoder().decode(client.answers[0]!.payload).match(/(?<=")\/0\/\d+/g)
    expect([...new Set(names)]).toEqual(['/0/2'])
  })

  it('an Accept no pack can have: 4.06', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [self] })
    const client = harness.client(1, endpoint)
    client.askPack(harness.now, tlv)
    harness.settle()
    expect(client.answers).toMatchObject([{ code: 0x86 }])
  })
})

describe('the listener', () => {
  it.each([
    ['rd', 'POST', 0x84],
    ['dp', 'POST', 0x84],
    ['bs', 'GET', 0x85],
    ['bspack', 'POST', 0x85],
  ])('answers /%s by %s with %s', async (path, name, code) => {
    const harness = new BootstrapHarness()
    const client = harness.client(1, endpoint)
    client.coap.request(harness.now, 1, { code: name === 'GET' ? 1 : 2, path: [path], query: [`ep=${endpoint}`] })
    harness.settle()
    expect(client.answers).toMatchObject([{ code }])
  })

  it('lists what it offers', async () => {
    const harness = new BootstrapHarness()
    const client = harness.client(1, endpoint)
    client.coap.request(harness.now, 1, { code: 1, path: ['.well-known', 'core'] })
    harness.settle()
    expect(new TextDecoder().decode(client.answers[0]!.payload)).toBe('</bs>,</bspack>')
  })

  it('takes so many requests a second, and stays silent to the others', async () => {
    const harness = new BootstrapHarness({ 'bootstrap.rate': 1 })
    await harness.template('any', { servers: [plainSelf] })
    const clients = Array.from({ length: 5 }, (_, i) => harness.client(i + 1, `urn:dev:${i}`))
    for (const client of clients) client.ask(harness.now)
    harness.settle()
    expect(clients.filter(({ finished }) => finished > 0)).toHaveLength(2)
    harness.elapse(minutes(2))
    expect(clients.filter(({ finished }) => finished > 0).length).toBeGreaterThan(3)
  })

  it('bootstraps so many at the same time, and keeps so many runs of each', async () => {
    const harness = new BootstrapHarness({ 'bootstrap.open-runs': 1, 'bootstrap.kept-per-device': 2 })
    await harness.template('any', { servers: [plainSelf] })
    const slow = harness.client(1, 'slow')
    slow.ask(harness.now)
    harness.loses = (direction) => direction === 'down' && slow.asked.length > 1
    harness.settle()
    const other = harness.client(2, 'other')
    other.ask(harness.now)
    harness.settle()
    expect(other.answers).toEqual([])
    expect(harness.engine.size).toBe(1)
    harness.loses = () => false
    harness.elapse(minutes(5))
    for (let i = 0; i < 5; i++) {
      slow.ask(harness.now)
      harness.settle()
    }
    expect(harness.store.bootstrapRuns({ endpoint: 'slow' }, undefined, 99).length).toBeLessThanOrEqual(2)
  })
})
