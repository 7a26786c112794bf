/**
 * The shipped server with a certificate of its own, for devices with certificates and raw public keys: let in
 * by credentials of the command line, doing CoAP with programs we did not write. The ETSI descriptions
 * TD_COAP_DTLS are among them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { keyFiles } from '../../support/dtls-interop.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { isInstalled, runProgram } from '../../support/program.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { runCli } from './run-cli.ts'

const files = keyFiles()
const device = 'urn:imei:350000000000002'
const meter = 'urn:meter:meter-4'
const certificates = ['-c', files.certificateAndKey, '-j', files.certificateAndKey, '-C', files.authority]
const shows = (file: string): readonly string[] => ['-c', file, '-j', file, '-C', files.authority]
const rawKey = ['-M', files.sec1, '-n']
const psk = ['-u', 'etsi', '-k', 'sixteen-octets-y']

interface Handshake {
  readonly outcome: string
  readonly identity?: string
  readonly reason?: string
}

class Door {
  readonly #directory = mkdtempSync(join(tmpdir(), 'coapstan-certificates-'))
  server!: ShippedServer
  port = 0

  async open(...flags: readonly string[]): Promise<void> {
    this.server = await startShippedServer(join(this.#directory, 'data'), { flags })
    const status = (await (await this.server.fetch('/v1/status')).json()) as {
      listeners: { protocol: string; port: number }[]
    }
    this.port = status.listeners.find(({ protocol }) => protocol === 'coaps')!.port
  }

  async close(): Promise<void> {
    await this.server.end('SIGTERM')
    rmSync(this.#directory, { recursive: true })
  }

  cli(...argv: readonly string[]): Promise<string> {
    return runCli(this.server, ...argv)
  }

  async newestHandshake(): Promise<Handshake | undefined> {
    const answer = await this.server.fetch('/v1/handshakes?limit=1')
    return ((await answer.json()) as { handshakes: Handshake[] }).handshakes[0]
  }

  /** What libcoap's client prints of a registration as `endpoint`, for at most `patience` seconds. */
  register(
    program: string,
    keys: readonly string[],
    endpoint: string,
    port = this.port,
    patience = 5,
  ): Promise<string> {
    const uri = `coaps://localhost:${port}/rd?ep=${endpoint}&lt=300&lwm2m=1.1`
    const what = ['-v', '6', '-B', `${patience}`, '-m', 'post', '-t', '40', '-e', '</1/0>,</3/0>', uri]
    return runProgram({
      program,
      args: [...keys, ...what],
      until: /c:[245]\.\d\d|ERR/,
      deadline: patience * 1000 + 2000,
    })
  }
}

/** CON GET /.well-known/core with a line end as its payload, since some tools send line by line. */
const get = Uint8Array.of(0x40, 1, 0x11, 0x11, 0xbb, ...utf8('.well-known'), 4, ...utf8('core'), 0xff, 0x0a)
const got = /<\/rd>/

const door = new Door()
beforeAll(async () => {
  const own = ['--coaps-certificate', files.serverCertificate, '--coaps-key', files.serverKey]
  await door.open(...own, '--coaps-authorities', files.authority)
  await door.cli('credentials', 'add', device, '--certificate', files.certificateAndKey)
  await door.cli('credentials', 'add', 'urn:meter:*', '--certificate-name', '*.example')
  await door.cli('credentials', 'add', 'urn:dev:raw', '--public-key', files.publicKey)
  const hex = Buffer.from('sixteen-octets-y').toString('hex')
  await door.cli('credentials', 'add', 'urn:dev:etsi', '--identity', 'etsi', '--key', hex)
})
afterAll(() => door.close())

describe.each(['coap-client-openssl', 'coap-client-gnutls'])('certificates, %s', (program) => {
  describe.skipIf(!isInstalled(program))('(skipped where libcoap3-bin is not installed)', () => {
    it('registers as the endpoint its certificate was added for, and as no other', async () => {
      expect(await door.register(program, certificates, device)).toMatch(/c:2\.01 .*Location-Path:rd/)
      expect(await door.register(program, certificates, 'urn:dev:another')).toMatch(/c:4\.03/)
    })

    it('is refused with a certificate of an authority nobody trusts', async () => {
      expect(await door.register(program, shows(files.stranger), device)).not.toMatch(/c:2/)
      expect(await door.newestHandshake()).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('coaps.authorities'),
      })
    })
  })
})

// libcoap over OpenSSL shows its own certificate only, without the chain.
describe.skipIf(!isInstalled('coap-client-gnutls'))('a name rule (skipped where libcoap3-bin is not installed)', () => {
  const program = 'coap-client-gnutls'

  it('makes an endpoint of a DNS name in a certificate behind an intermediate authority', async () => {
    expect(await door.register(program, shows(files.behind), meter)).toMatch(/c:2\.01/)
    expect(await door.newestHandshake()).toMatchObject({ outcome: 'completed', identity: 'urn:imei:350000000000004' })
    await expect.poll(() => door.cli('credentials', 'show', meter), { timeout: 10_000 }).toMatch(/certificate name 2/)
  })

  it('lets in no certificate that was revoked, and the others still', async () => {
    await door.cli('credentials', 'revoke', meter)
    expect(await door.register(program, shows(files.behind), meter)).not.toMatch(/c:2/)
    expect(await door.register(program, certificates, device)).toMatch(/c:2\.01/)
  })
})

describe('openssl s_client', () => {
  const args = (...more: readonly string[]): readonly string[] => [
    's_client',
    '-dtls1_2',
    '-connect',
    `127.0.0.1:${door.port}`,
    '-CAfile',
    files.authority,
    ...more,
  ]
  const certificate = ['-cert', files.certificateAndKey, '-key', files.certificateAndKey]

  it('does CoAP with a client certificate; an IP address as its server name does no harm', async ({ skip }) => {
    skip(!isInstalled('openssl'), 'openssl is not installed')
    const named = args(...certificate, '-servername', '127.0.0.1', '-verify_return_error')
    expect(await runProgram({ program: 'openssl', args: named, input: get, until: got })).toMatch(got)
  })

  it('is refused without one', async ({ skip }) => {
    skip(!isInstalled('openssl'), 'openssl is not installed')
    expect(await runProgram({ program: 'openssl', args: args(), until: /alert \w+/ })).toMatch(
      /alert handshake failure/,
    )
    expect(await door.newestHandshake()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('showed no certificate'),
    })
  })
})

const gnutls = (port: number, ...more: readonly string[]): readonly string[] => [
  '--udp',
  '-p',
  `${port}`,
  ...more,
  'localhost',
]
const priority = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ECDHE-ECDSA'
const rawFiles = ['--rawpkkeyfile', files.key, '--rawpkfile', files.publicKey]

describe.skipIf(!isInstalled('gnutls-cli'))('gnutls-cli (skipped where gnutls-bin is not installed)', () => {
  it.each<[string, readonly string[]]>([
    [
      'a certificate',
      [
        '--x509cafile',
        files.authority,
        '--x509certfile',
        files.certificateAndKey,
        '--x509keyfile',
        files.certificateAndKey,
        '--priority',
        priority,
      ],
    ],
    [
      'a raw public key, and our certificate',
      [...rawFiles, '--no-ca-verification', '--priority', `${priority}:-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-X509`],
    ],
    [
      'raw public keys both ways',
      [...rawFiles, '--no-ca-verification', '--priority', `${priority}:-CTYPE-ALL:+CTYPE-RAWPK`],
    ],
  ])('does CoAP with %s', async (_what, args) => {
    const run = { program: 'gnutls-cli', args: gnutls(door.port, ...args), input: get, until: got }
    expect(await runProgram(run)).toMatch(got)
  })
})

describe.skipIf(!isInstalled('coap-client-gnutls'))('ETSI (skipped where libcoap3-bin is not installed)', () => {
  const program = 'coap-client-gnutls'

  async function throughLoss(keys: readonly string[], endpoint: string): Promise<string> {
    const relay = await LossyRelay.open(door.port, { seed: 7, drop: 0.2 })
    const said = await door.register(program, keys, endpoint, relay.port, 25)
    relay.close()
    expect(relay.counts.dropped).toBeGreaterThan(0)
    return said
  }

  it('TD_COAP_DTLS_01 a pre-shared key', async () => {
    expect(await door.register(program, psk, 'urn:dev:etsi')).toMatch(/c:2\.01/)
  })

  it('TD_COAP_DTLS_02 a wrong pre-shared key, seen at once by who looks', async () => {
    const said = door.register(program, ['-u', 'etsi', '-k', 'sixteen-octets-z'], 'urn:dev:etsi')
    await expect
      .poll(() => door.cli('handshakes', '--failed', '--limit', '1'), { timeout: 10_000 })
      .toMatch(/another key than ours/)
    expect(await said).not.toMatch(/c:2/)
  })

  it('TD_COAP_DTLS_03 a pre-shared key over a lossy way', async () => {
    expect(await throughLoss(psk, 'urn:dev:etsi')).toMatch(/c:2\.01/)
  })

  it('TD_COAP_DTLS_04 a raw public key', async () => {
    expect(await door.register(program, rawKey, 'urn:dev:raw')).toMatch(/c:2\.01/)
  })

  it('TD_COAP_DTLS_05 a raw public key nobody knows', async () => {
    expect(await door.register(program, ['-M', files.strangerSec1, '-n'], 'urn:dev:raw')).not.toMatch(/c:2/)
    expect(await door.newestHandshake()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('stands for no endpoint'),
    })
  })

  it('TD_COAP_DTLS_06 our raw public key refused by the device', async () => {
    const args = gnutls(door.port, ...rawFiles, '--priority', `${priority}:-CTYPE-ALL:+CTYPE-RAWPK`)
    expect(await runProgram({ program: 'gnutls-cli', args, until: /Fatal error/ })).toMatch(/Fatal error/)
    await expect.poll(() => door.newestHandshake(), { timeout: 10_000 }).toMatchObject({ outcome: 'failed' })
  })

  it('TD_COAP_DTLS_07 a raw public key over a lossy way', async () => {
    expect(await throughLoss(rawKey, 'urn:dev:raw')).toMatch(/c:2\.01/)
  })
})

describe.skipIf(!isInstalled('gnutls-cli'))(
  'a server with a raw public key alone that only wants to know who comes',
  () => {
    const open = new Door()
    beforeAll(() => open.open('--coaps-key', files.serverKey, '--dtls-client-authentication', 'wanted'))
    afterAll(() => open.close())

    it('lets a nameless device read, and register as nobody', async () => {
      const nameless = `${priority}:-CTYPE-ALL:+CTYPE-CLI-X509:+CTYPE-SRV-RAWPK`
      const args = gnutls(open.port, '--no-ca-verification', '--priority', nameless)
      expect(await runProgram({ program: 'gnutls-cli', args, input: get, until: got })).toMatch(got)
      const rd = Uint8Array.of(0x40, 2, 0x11, 0x12, 0xb2, ...utf8('rd'), 0x48, ...utf8('ep=dev-1'), 0xff, 0x0a)
      const refused = /`\x83/
      expect(await runProgram({ program: 'gnutls-cli', args, input: rd, until: refused })).toMatch(refused)
    })
  },
)
