/**
 * The LwM2M client of Eclipse Leshan over DTLS against the shipped server: every kind of credential, a NAT that forgets
 * it, a tenth of the datagrams lost, firmware by pull and by push, bootstrapping in every format it has, and a server
 * that is killed under all of them.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devicePem, serverPem } from '../../support/dtls-certificates.ts'
import { keyFiles } from '../../support/dtls-interop.ts'
import { LeshanPeer, leshanBuilt, leshanObjects } from '../../support/leshan-peer.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { NatRelay } from '../../support/nat-relay.ts'
import { Operator } from '../../support/operator.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const temperature = '/3303/0/5700'
const key = '7d1f0c2b9a8e4d3c6b5a49382716e5f4'

const files = keyFiles()
const hex = (octets: Buffer): string => octets.toString('hex')
const publicKeyOf = (pem: string): string => hex(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
const privateKey = hex(createPrivateKey(devicePem.key).export({ type: 'pkcs8', format: 'der' }))
const rawPublicKey = { private: privateKey, public: publicKeyOf(devicePem.key), peer: publicKeyOf(serverPem.key) }
const certificateOf = (pem: string): string => hex(new X509Certificate(pem).raw)
const certificate = {
  x509: 'yes',
  private: privateKey,
  public: certificateOf(devicePem.certificate),
  peer: certificateOf(serverPem.certificate),
}

let directory: string
let server: ShippedServer
let leshan: LeshanPeer
let coapsPort: number
const relays: { close(): void }[] = []
const operator = new Operator(() => server)

beforeAll(async () => {
  if (!leshanBuilt) return
  directory = mkdtempSync(join(tmpdir(), 'coapstan-leshan-'))
  await start()
  leshan = new LeshanPeer('leshan', [`${leshanObjects}/3442.xml`, 'objects/3303-1.1.xml'])
  await operator.json('PUT', '/v1/bootstrap/templates/any', {
    servers: [{ uri: 'self', shortId: 1, lifetime: 600 }],
    verify: true,
  })
})
afterAll(async () => {
  if (!leshanBuilt) return
  for (const relay of relays) relay.close()
  await leshan.close()
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(): Promise<void> {
  const flags = ['--objects-directory', leshanObjects, '--coaps-profile', 'ip', '--coaps-host', '127.0.0.1']
  flags.push('--coaps-certificate', files.serverCertificate, '--coaps-key', files.serverKey)
  flags.push('--coaps-authorities', files.authority, '--bootstrap-listen', 'both', '--bootstrap-port', '0')
  flags.push('--bootstrap-coaps-port', '0', '--bootstrap-policy', 'open', '--bootstrap-pause', '0')
  server = await startShippedServer(join(directory, 'data'), { flags, coapsPort: coapsPort ?? 0 })
  coapsPort = await server.port('coaps')
}

type Options = Readonly<Record<string, string | number>>

async function registers(name: string, options: Options, port = coapsPort): Promise<void> {
  leshan.start(name, { server: `coaps://127.0.0.1:${port}`, ...options })
  await leshan.says(name, /^registered/)
}

/** A key of its own for an endpoint, good for `purpose` alone. */
async function pskFor(endpoint: string, purpose = 'management'): Promise<Options> {
  const draft = { endpoint, purpose, identity: `psk-${endpoint}` }
  const { newKey } = await operator.json<{ newKey: string }>('POST', '/v1/credentials', draft)
  return { identity: draft.identity, key: newKey }
}

interface Handshake {
  readonly outcome: string
  readonly identity?: string
  readonly suite?: string
  readonly connectionId?: string
}
const handshakes = async (): Promise<readonly Handshake[]> =>
  (await operator.json<{ handshakes: Handshake[] }>('GET', '/v1/handshakes')).handshakes

/** What it shows, what the server is told of it, and how a handshake with it is known. */
const credentials: readonly {
  readonly what: string
  readonly name: string
  readonly draft: object
  readonly options: Options
  readonly identity: RegExp
  readonly suite: RegExp
}[] = [
  {
    what: 'a pre-shared key',
    name: 'urn:dev:psk',
    draft: { kind: 'psk', identity: 'its-psk', key },
    options: { identity: 'its-psk', key },
    identity: /^its-psk$/,
    suite: /PSK/,
  },
  {
    what: 'a raw public key',
    name: 'urn:dev:rpk',
    draft: { kind: 'raw-public-key', identity: rawPublicKey.public },
    options: rawPublicKey,
    identity: /^rpk:/,
    suite: /^ECDHE_ECDSA/,
  },
  {
    what: 'a certificate',
    name: 'urn:imei:350000000000002',
    draft: { kind: 'certificate', identity: sha256(new X509Certificate(devicePem.certificate).raw) },
    options: certificate,
    identity: /^urn:imei:/,
    suite: /^ECDHE_ECDSA/,
  },
]

/** A package that says which version it is, as `firmware.java` reads it. */
function packageOf(version: string, size: number): Buffer {
  return Buffer.concat([Buffer.from(`version=${version}\n`), randomBytes(size)])
}

async function addImage(image: Buffer, version: string): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' }
  // Its product is its Model Number, /3/0/1.
  const path = `/v1/firmware-images?version=${version}&product=interop%20peer`
  expect((await server.fetch(path, { method: 'POST', body: new Uint8Array(image), headers })).status).toBe(201)
}

/** An update of the device's firmware, until it has ended. */
async function updates(name: string, version: string, more: object = {}): Promise<unknown> {
  await operator.json('POST', `/v1/devices/${name}/firmware`, { image: version, healthWindow: 0, ...more })
  for (;;) {
    const update = await operator.json<{ state: string }>('GET', `/v1/devices/${name}/firmware`)
    if (/^(confirmed|failed|cancelled)$/.test(update.state)) return update
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}

const skipped = '(skipped where scripts/build-peers.sh did not build it)'

describe.skipIf(!leshanBuilt).concurrent(`Leshan over DTLS ${skipped}`, () => {
  it.each(credentials)('comes with $what, and goes on from another port', async (credential) => {
    const { name, draft, options, identity, suite } = credential
    await operator.json('POST', '/v1/credentials', { endpoint: name, ...draft })
    const nat = await NatRelay.open(() => coapsPort)
    relays.push(nat)
    await registers(name, options, nat.port)
    expect(await operator.gets(name, 'observe', temperature)).toMatchObject({ value: 20.5 })
    nat.rebind()
    leshan.tell('update', name)
    await leshan.says(name, /^updated/)
    expect(await operator.gets(name, 'read', '/3/0/0')).toMatchObject({ value: 'Eclipse Leshan' })
    const [made, ...others] = (await handshakes()).filter((handshake) => identity.test(handshake.identity ?? ''))
    expect(made).toMatchObject({
      outcome: 'completed',
      connectionId: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
    })
    expect(made!.suite).toMatch(suite)
    expect(others).toEqual([])
  })

  it('comes without connection ids', async ({ expect }) => {
    const name = 'urn:dev:no-cid'
    await registers(name, { ...(await pskFor(name)), cid: -1 })
    expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 20.5 })
    const made = (await handshakes()).find(({ identity }) => identity === `psk-${name}`)!
    expect(made).toMatchObject({ outcome: 'completed' })
    expect(made.connectionId).toBeUndefined()
  })

  it('is refused under a name that is not its own', async ({ expect }) => {
    const name = 'urn:dev:impostor'
    leshan.start(name, { server: `coaps://127.0.0.1:${coapsPort}`, ...(await pskFor('urn:dev:honest')) })
    expect(await leshan.says(name, /^failed register/)).toContain('FORBIDDEN(403)')
  })

  it.each([
    ['pull', {}],
    ['push', { push: true }],
  ])('installs firmware by %s', async (delivery, how) => {
    const name = `urn:dev:${delivery}`
    const [version, image] = [`1.1.0-${delivery}`, packageOf(`1.1.0-${delivery}`, 20_000)]
    await addImage(image, version)
    await registers(name, await pskFor(name))
    expect(await updates(name, version, how)).toMatchObject({ state: 'confirmed', delivery, attempts: 0 })
    await leshan.says(name, new RegExp(`^downloaded ${image.length} ${sha256(image)}`))
    expect(await operator.gets(name, 'read', '/3/0/3')).toMatchObject({ value: version })
  })

  it('does all of it where a tenth of the datagrams is lost', async ({ expect }) => {
    const name = 'urn:dev:lossy'
    const relay = await LossyRelay.open(coapsPort, { seed: 7, drop: 0.1, duplicate: 0.1, delay: 0.1 })
    relays.push(relay)
    const image = packageOf('1.1.0-lossy', 6000)
    await addImage(image, '1.1.0-lossy')
    await registers(name, { ...(await pskFor(name)), ack: 300 }, relay.port)
    expect(await operator.gets(name, 'observe', temperature)).toMatchObject({ value: 20.5 })
    await operator.gets(name, 'write', '/3442/0/110', 'x'.repeat(1500))
    expect(await operator.gets(name, 'read', '/3442/0/110')).toMatchObject({ value: 'x'.repeat(1500) })
    leshan.tell('set', name, '25')
    const told = (): Promise<readonly unknown[]> => operator.samples(name, 'notification', temperature)
    await expect.poll(told, { timeout: 10_000 }).toEqual([25])
    expect(await updates(name, '1.1.0-lossy')).toMatchObject({ state: 'confirmed' })
    await leshan.says(name, new RegExp(`^downloaded ${image.length} ${sha256(image)}`))
    expect(relay.counts.dropped).toBeGreaterThan(0)
  })

  it.each(['TLV', 'JSON', 'SENML_JSON', 'SENML_CBOR'])('is bootstrapped in %s, in the clear', async (formats) => {
    const name = `urn:dev:bootstrap-${formats.toLowerCase()}`
    leshan.start(name, {
      server: `coap://127.0.0.1:${await server.port('bootstrap-coap')}`,
      bootstrap: 'yes',
      formats: formats === 'TLV' ? formats : `TLV,${formats}`,
    })
    await leshan.says(name, /^bootstrapped/)
    await leshan.says(name, new RegExp(`^registered .* coaps://127.0.0.1:${coapsPort}`))
    expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 20.5 })
    const run = await operator.json<{ state: string; steps: object[] }>('GET', `/v1/devices/${name}/bootstrap`)
    expect(run).toMatchObject({ state: 'finished' })
    expect(run.steps).toMatchObject(
      ['discover', 'write', 'write', 'read', 'finish'].map((kind) => ({ kind, state: 'done' })),
    )
  })

  it('is bootstrapped over DTLS, and again when it is told to', async ({ expect }) => {
    const name = 'urn:dev:bootstrap-secured'
    const port = await server.port('bootstrap-coaps')
    leshan.start(name, { server: `coaps://127.0.0.1:${port}`, bootstrap: 'yes', ...(await pskFor(name, 'bootstrap')) })
    for (const round of ['asked', 'told']) {
      await leshan.says(name, /^bootstrapped/)
      await leshan.says(name, new RegExp(`^registered .* coaps://127.0.0.1:${coapsPort}`))
      expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 20.5 })
      if (round === 'asked') await operator.json('POST', `/v1/devices/${name}/bootstrap`, {})
    }
    const { runs } = await operator.json<{ runs: object[] }>('GET', `/v1/bootstrap/runs?endpoint=${name}`)
    expect(runs).toMatchObject([
      { state: 'finished', secured: true },
      { state: 'finished', secured: true },
    ])
  })
})

describe.skipIf(!leshanBuilt)(`Leshan and a server that is killed ${skipped}`, () => {
  // Those that installed firmware have forgotten where they registered last: they update their first registration.
  const names = [...credentials.map(({ name }) => name), 'urn:dev:no-cid', 'urn:dev:bootstrap-secured']

  it('all of them go on without a handshake, and so do their observations', async () => {
    await server.end('SIGKILL')
    await start()
    for (const name of names) leshan.tell('update', name)
    for (const name of names) await leshan.says(name, /^updated/)
    for (const name of names) {
      expect(await operator.gets(name, 'read', '/3/0/0')).toMatchObject({ value: 'Eclipse Leshan' })
    }
    for (const { name } of credentials) {
      leshan.tell('set', name, '33.5')
      await expect.poll(() => operator.samples(name, 'notification', temperature), { timeout: 10_000 }).toEqual([33.5])
    }
    expect(await handshakes()).toEqual([])
  })
})
