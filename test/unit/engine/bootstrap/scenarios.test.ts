/** Bootstrap scenarios (the bootstrap class of Leshan's integration tests, and what it leaves out), plain listener. */
import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../../src/base/bytes.ts'
import type { TemplateDraft } from '../../../../src/fleet/bootstrap/draft.ts'
import { bootstrapped, BootstrapHarness, endpoint } from '../../../support/bootstrap-harness.ts'

const self = { uri: 'self', shortId: 1 } as const
const plainSelf = { ...self, security: 'none' } as const
const tlv = 11542
const senmlCbor = 112

describe('client-initiated bootstrap', () => {
  it('plain: discovers, clears, writes the account of this server, finishes', async () => {
    const { harness, client, run } = await bootstrapped({ servers: [plainSelf] })
    expect(client.answers).toMatchObject([{ code: 0x44 }])
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 112', 'PUT /1/0 112', 'POST /bs'])
    expect(client.content).toMatchObject({
      '/0/1/0': 'coap://192.0.2.1:5683',
      '/0/1/1': false,
      '/0/1/2': 3,
      '/0/1/10': 1,
      '/1/0/0': 1,
      '/1/0/1': 86_400,
      '/1/0/6': true,
      '/1/0/7': 'U',
    })
    expect(run).toMatchObject({ state: 'finished', attempts: 1, content: [] })
    expect(harness.events.map(({ kind }) => kind)).toEqual(['bootstrap.started', 'bootstrap.finished'])
    expect(harness.engine.size).toBe(0)
  })

  it('no ep in the clear: 4.00', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf] }, {}, [])
    expect(client.answers).toMatchObject([{ code: 0x80 }])
    expect(run).toBeUndefined()
  })

  it('TLV-only client: falls back from SenML CBOR where it did not say so', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf] }, { formats: [tlv] })
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 112', 'PUT /0/1 11542', 'PUT /1/0 11542', 'POST /bs'])
    expect(run?.state).toBe('finished')
  })

  it('TLV-only client that reads any other format as text and fails over it: falls back all the same', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf] }, { formats: [tlv], otherFormat: 0xa0 })
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 112', 'PUT /0/1 11542', 'PUT /1/0 11542', 'POST /bs'])
    expect(run?.state).toBe('finished')
  })

  it('TLV-only client that says so (pct): gets TLV at once', async () => {
    const { client } = await bootstrapped({ servers: [plainSelf] }, { formats: [tlv] }, [`ep=${endpoint}`, 'pct=11542'])
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 11542', 'PUT /1/0 11542', 'POST /bs'])
  })

  it('SenML-CBOR-only client', async () => {
    const query = [`ep=${endpoint}`, 'pct=112']
    const { run } = await bootstrapped({ servers: [plainSelf] }, { formats: [senmlCbor] }, query)
    expect(run?.state).toBe('finished')
  })

  it('format from the configuration goes before the preferred one', async () => {
    const query = [`ep=${endpoint}`, 'pct=112']
    const { client } = await bootstrapped({ servers: [plainSelf], format: 'tlv' }, {}, query)
    expect(client.asked).toContain('PUT /0/1 11542')
  })

  it('a pct no write can have: 4.15', async () => {
    const { client } = await bootstrapped({ servers: [plainSelf] }, {}, [`ep=${endpoint}`, 'pct=40'])
    expect(client.answers).toMatchObject([{ code: 0x8f }])
  })

  it('extra attributes in the query are let be', async () => {
    const { run } = await bootstrapped({ servers: [plainSelf] }, {}, [`ep=${endpoint}`, 'x=1', 'imei=35'])
    expect(run?.state).toBe('finished')
  })

  it('discover root: a client without Discover is taken to have its account at instance 0', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf] }, { discovers: false })
    expect(client.asked).toEqual(['GET /', 'DELETE /0', 'DELETE /1', 'PUT /0/1 112', 'PUT /1/0 112', 'POST /bs'])
    expect(run?.steps[0]).toMatchObject({ kind: 'discover', state: 'skipped', code: '4.05' })
  })

  it('a client that says RST to Discover and Read is bootstrapped without them', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf], verify: true }, { discovers: 'reset' })
    expect(client.asked[0]).toBe('RST')
    expect(client.asked.slice(-2)).toEqual(['RST', 'POST /bs'])
    expect(run).toMatchObject({
      state: 'finished',
      steps: [{ state: 'skipped', code: 'RST' }, {}, {}, {}, {}, { code: 'RST' }, {}],
    })
  })

  it('auto-id: the account sits at another instance, ours takes the free one', async () => {
    const { client } = await bootstrapped({ servers: [plainSelf] }, { account: 1 })
    expect(client.asked).toContain('PUT /0/0 112')
    expect(client.account).toEqual({ '/0/1/0': 'coap://bootstrap', '/0/1/1': true })
  })

  it.each([
    'lwm2m="1.0",</0/2>,</1/0>;ssid=7,</3/0>',
    'lwm2m=1.1,</0/0>;ssid=7,</0/2>,</1/0>;ssid=7,</3/0>,</5>;ver=1.1',
    '</>;lwm2m=1.1,</0/0>;ssid=7;uri="coap://x",</0/2>,</1/0>;ssid=7,</2>,</3/0>',
  ])('a version before the links, as old clients write it: %s', async (discovery) => {
    const { client } = await bootstrapped({ servers: [plainSelf] }, { account: 2, discovery })
    expect(client.asked).toContain('DELETE /1')
    expect(client.asked).not.toContain('DELETE /0')
    expect(client.asked).not.toContain('DELETE /0/2')
    expect(client.asked).toContain('PUT /0/0 112')
    expect(Object.keys(client.account)).toHaveLength(2)
  })

  it('two BS instances: neither is touched', async () => {
    const { client } = await bootstrapped(
      { servers: [plainSelf, { uri: 'coap://198.51.100.7', shortId: 2 }] },
      { account: 0, otherAccounts: [2] },
    )
    expect(client.asked.filter((line) => line.startsWith('PUT /0'))).toEqual(['PUT /0/1 112', 'PUT /0/3 112'])
    expect(Object.keys(client.account)).toHaveLength(4)
  })

  it('re-bootstrap: what was given before is cleared, and the rest is as after the first time', async () => {
    const { harness, client } = await bootstrapped({ servers: [plainSelf] })
    const before = client.content
    client.asked.length = 0
    client.ask(harness.now)
    harness.settle()
    expect(client.asked).toEqual(['GET /', 'DELETE /0/1', 'DELETE /1', 'PUT /0/1 112', 'PUT /1/0 112', 'POST /bs'])
    expect(client.content).toEqual(before)
    expect(harness.store.bootstrapRuns({}, undefined, 9)).toHaveLength(2)
  })

  it('delete all: / is deleted, and the account is still there', async () => {
    const { client } = await bootstrapped({ servers: [plainSelf], delete: ['/'] })
    expect(client.asked[1]).toBe('DELETE /')
    expect(client.account).toEqual({ '/0/0/0': 'coap://bootstrap', '/0/0/1': true })
  })

  it('delete further objects; one the client does not have is no failure', async () => {
    const { client, run } = await bootstrapped({ servers: [plainSelf], delete: ['/2', '/11/0'] })
    expect(client.asked).toEqual(expect.arrayContaining(['DELETE /2', 'DELETE /11/0']))
    expect(run?.state).toBe('finished')
  })

  it('write ACL: object 2 with the rights of each server', async () => {
    const { client } = await bootstrapped({
      servers: [plainSelf, { uri: 'coap://198.51.100.7', shortId: 2 }],
      accessControl: [
        { object: 3, instance: 0, owner: 1, rights: { 1: ['read', 'write', 'execute'], 2: ['read'], 0: [] } },
      ],
    })
    expect(client.content).toMatchObject({
      '/2/0/0': 3,
      '/2/0/1': 0,
      '/2/0/2/0': 0,
      '/2/0/2/1': 7,
      '/2/0/2/2': 1,
      '/2/0/3': 1,
    })
  })

  it('writes further instances, each in a message of its own', async () => {
    const { client } = await bootstrapped({
      servers: [plainSelf],
      instances: { '/11/0': { 0: 'profile', 1: 'iot.example' } },
    })
    expect(client.asked).toContain('PUT /11/0 112')
    expect(client.content).toMatchObject({ '/11/0/0': 'profile', '/11/0/1': 'iot.example' })
  })
})

describe('an account with a key', () => {
  it('unsecured BS → PSK DM: a fresh key, which is a credential in the same commit', async () => {
    const { harness, client, run } = await bootstrapped({ servers: [self] })
    const key = client.content['/0/1/5']
    expect(client.content).toMatchObject({
      '/0/1/0': 'coaps://192.0.2.1:5684',
      '/0/1/2': 0,
      '/0/1/3': hexOf(utf8(endpoint)),
    })
    const found = harness.credentials.lookup({ kind: 'psk', identity: utf8(endpoint) })
    expect(found).toMatchObject({ found: 'key', endpoint })
    expect(found.found === 'key' && hexOf(found.key)).toBe(key)
    expect(run?.credential).toBe(1)
    expect(JSON.stringify(harness.events)).not.toContain(String(key))
    expect(JSON.stringify([...harness.store.bootstrapRuns({}, undefined, 9)])).not.toContain(String(key))
  })

  it('asking again before the key was used gives the same one; after that a new one over DTLS only', async () => {
    const { harness, client } = await bootstrapped({ servers: [self] })
    const key = client.content['/0/1/5']
    client.ask(harness.now)
    harness.settle()
    expect(client.content['/0/1/5']).toBe(key)
    harness.credentials.used({ kind: 'psk', identity: utf8(endpoint) })
    await harness.credentials.tend()
    client.ask(harness.now)
    harness.settle()
    expect(client.answers.at(-1)).toMatchObject({ code: 0x83 })
    expect(harness.events.at(-1)).toMatchObject({ kind: 'bootstrap.refused' })
  })

  it('a name with a credential for bootstrapping is not served in the clear', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [plainSelf] })
    await harness.credentials.add({ endpoint, kind: 'psk', purpose: 'bootstrap' })
    const client = harness.client(1, endpoint)
    client.ask(harness.now)
    harness.settle()
    expect(client.answers).toMatchObject([{ code: 0x83 }])
  })

  it("keys for somebody else's server are not given in the clear", async () => {
    const { client } = await bootstrapped({
      servers: [{ uri: 'coaps://lwm2m.example:5684', shortId: 2, masterKey: '8f1c2b3a4d5e6f708192a3b4c5d6e7f8' }],
    })
    expect(client.answers).toMatchObject([{ code: 0x83 }])
  })
})

describe('how a device goes on when it cannot register', () => {
  const registration = {
    initialDelay: '0..600',
    retries: 5,
    retryTimer: '30..90',
    sequenceDelay: '3600..7200',
    sequenceRetries: 3,
    bootstrapOnFailure: true,
  }

  it('/1/x/13–20 are drawn for each device within the ranges', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [{ ...plainSelf, registration }] })
    const drawn = Array.from({ length: 30 }, (_, i) => {
      const client = harness.client(i + 1, `urn:dev:${i}`)
      client.ask(harness.now)
      harness.settle()
      return client.content
    })
    const delays = drawn.map((content) => Number(content['/1/0/14']))
    expect(new Set(delays).size).toBeGreaterThan(20)
    expect(delays.every((delay) => delay >= 0 && delay <= 600)).toBe(true)
    expect(drawn.every((content) => Number(content['/1/0/18']) >= 30 && Number(content['/1/0/18']) <= 90)).toBe(true)
    expect(drawn[0]).toMatchObject({ '/1/0/16': true, '/1/0/17': 5, '/1/0/20': 3 })
  })

  it('a client of 1.0 that names its version gets none of them', async () => {
    const { client } = await bootstrapped({ servers: [{ ...plainSelf, registration }] }, { enabler: '1.0', old: true })
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 112', 'PUT /1/0 112', 'POST /bs'])
  })

  it('a client that refuses them is given the rest', async () => {
    const { client, run } = await bootstrapped({ servers: [{ ...plainSelf, registration }] }, { old: true })
    expect(client.asked).toEqual(['GET /', 'PUT /0/1 112', 'PUT /1/0 112', 'PUT /1/0 112', 'POST /bs'])
    expect(run?.state).toBe('finished')
  })
})

describe('the form of writes', () => {
  it('whole objects where the template says so', async () => {
    const draft: TemplateDraft = { servers: [plainSelf, { uri: 'coap://198.51.100.7', shortId: 2 }], writes: 'object' }
    const { client } = await bootstrapped(draft)
    expect(client.asked).toEqual(['GET /', 'PUT /0 112', 'PUT /1 112', 'POST /bs'])
    expect(client.content).toMatchObject({ '/0/1/10': 1, '/0/2/10': 2, '/1/0/0': 1, '/1/1/0': 2 })
  })

  it.each([
    ['object', 'instance'],
    ['instance', 'object'],
  ] as const)('a client that takes %ss only is asked in that form after %ss', async (takes, writes) => {
    const draft: TemplateDraft = { servers: [plainSelf, { uri: 'coap://198.51.100.7', shortId: 2 }], writes }
    const { client, run } = await bootstrapped(draft, { takes })
    expect(run?.state).toBe('finished')
    expect(client.content).toMatchObject({ '/0/1/10': 1, '/0/2/10': 2, '/1/0/0': 1, '/1/1/0': 2 })
  })

  it('Bootstrap-Read compares what the device holds; one that cannot be read is let be', async () => {
    const draft: TemplateDraft = { servers: [plainSelf], verify: true }
    const { client, run } = await bootstrapped(draft)
    expect(client.asked).toContain('GET /1')
    expect(run?.steps.find(({ kind }) => kind === 'read')).toMatchObject({ state: 'done' })
    const blind = await bootstrapped(draft, { reads: false })
    expect(blind.run).toMatchObject({ state: 'finished' })
    expect(blind.run?.steps.find(({ kind }) => kind === 'read')).toMatchObject({ state: 'skipped', code: '4.05' })
  })
})
