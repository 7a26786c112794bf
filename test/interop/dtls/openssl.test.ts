import { describe, expect, it } from 'vitest'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import {
  briefWeathers,
  echo,
  interopServer,
  keyFiles,
  pskHex,
  pskIdentity,
  weathers,
} from '../../support/dtls-interop.ts'
import { DtlsUdpServer, fairWeather, type Weather } from '../../support/dtls-udp-server.ts'
import { isInstalled, runProgram } from '../../support/program.ts'

const files = keyFiles()
const psk = ['-psk_identity', pskIdentity, '-psk', pskHex]
const certificate = ['-cert', files.certificateAndKey, '-key', files.certificateAndKey, '-CAfile', files.authority]

/** s_client reads its input only when its socket is quiet, so with repetitions about it says nothing more. */
const connected = /Verify return code/
const greeted = /hello there|alert \w+|SSL routines/

interface Session {
  readonly args: readonly string[]
  readonly options?: Partial<DtlsOptions>
  readonly weather?: Weather
  readonly datagramLimit?: number
  readonly until?: RegExp
}

/** Connects, says hello, and hears it back; or only connects. */
async function greets({
  args,
  options = {},
  weather = fairWeather,
  datagramLimit = 1280,
  until = greeted,
}: Session): Promise<DtlsUdpServer> {
  const server = await DtlsUdpServer.listen(echo, interopServer(options, datagramLimit), weather)
  const output = await runProgram({
    program: 'openssl',
    args: ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${server.port}`, ...args],
    input: 'hello there\n',
    until,
  })
  await server.close()
  expect(output).toMatch(until === greeted ? /hello there/ : until)
  expect(server.peer.opens).toHaveLength(1)
  return server
}

describe.skipIf(!isInstalled('openssl'))('openssl s_client (skipped where openssl is not installed)', () => {
  it.concurrent.each([
    ['PSK-AES128-CCM8@SECLEVEL=0', 'PSK_WITH_AES_128_CCM_8'],
    ['PSK-AES128-CCM', 'PSK_WITH_AES_128_CCM'],
    ['PSK-AES256-CCM8@SECLEVEL=0', 'PSK_WITH_AES_256_CCM_8'],
    ['PSK-AES128-GCM-SHA256', 'PSK_WITH_AES_128_GCM_SHA256'],
    ['PSK-AES256-GCM-SHA384', 'PSK_WITH_AES_256_GCM_SHA384'],
    ['PSK-CHACHA20-POLY1305', 'PSK_WITH_CHACHA20_POLY1305_SHA256'],
    ['ECDHE-PSK-CHACHA20-POLY1305', 'ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'],
    ['PSK-AES128-CBC-SHA256', 'PSK_WITH_AES_128_CBC_SHA256'],
    ['ECDHE-PSK-AES128-CBC-SHA256', 'ECDHE_PSK_WITH_AES_128_CBC_SHA256'],
  ])('%s', async (cipher, suite) => {
    const { peer } = await greets({ args: [...psk, '-cipher', cipher] })
    expect(peer.reports).toMatchObject([{ outcome: 'completed', suite }])
    expect(peer.lastOpened).toMatchObject({ extendedMasterSecret: true, principal: { kind: 'psk' } })
  })

  it.concurrent.each([
    ['ECDHE-ECDSA-AES128-CCM8@SECLEVEL=0', 'ECDHE_ECDSA_WITH_AES_128_CCM_8'],
    ['ECDHE-ECDSA-AES128-CCM', 'ECDHE_ECDSA_WITH_AES_128_CCM'],
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  ])('%s with certificates on both sides', async (cipher, suite) => {
    const args = [...certificate, '-verify_return_error', '-cipher', cipher]
    const { peer } = await greets({ args, options: { clientAuthentication: 'needed' } })
    expect(peer.lastOpened).toMatchObject({ suite, principal: { kind: 'certificate' } })
  })

  // ours is a certificate on P-256, which the client must list too (RFC 8422 §5.1)
  it.concurrent.each(['P-256', 'X25519:P-256', 'P-384:P-256'])('over %s', async (curve) => {
    const { peer } = await greets({ args: ['-curves', curve, '-sigalgs', 'ECDSA+SHA256'] })
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent('verifies our certificate against its authority', async () => {
    const { peer } = await greets({
      args: ['-CAfile', files.authority, '-verify_return_error', '-verify_hostname', 'localhost'],
    })
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent.each(Object.keys(weathers))('PSK with %s', async (name) => {
    const { peer } = await greets({
      args: [...psk, '-cipher', 'PSK-AES128-GCM-SHA256'],
      weather: weathers[name]!,
      until: connected,
    })
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent.each(briefWeathers)('certificates with %s', async (name) => {
    const { peer } = await greets({ args: certificate, weather: weathers[name]!, datagramLimit: 512, until: connected })
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent.each([256, 400, 576, 1500])('certificates at an MTU of %i', async (mtu) => {
    const { log } = await greets({ args: [...certificate, '-mtu', `${mtu}`], datagramLimit: mtu })
    expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
  })

  it.concurrent('a wrong key ends in decrypt_error', async () => {
    const server = await DtlsUdpServer.listen(echo, interopServer())
    const output = await runProgram({
      program: 'openssl',
      args: [
        's_client',
        '-dtls1_2',
        '-connect',
        `127.0.0.1:${server.port}`,
        '-psk_identity',
        pskIdentity,
        '-psk',
        '00',
        '-cipher',
        'PSK-AES128-GCM-SHA256',
      ],
      until: /alert decrypt error/,
    })
    await server.close()
    expect(output).toMatch(/alert decrypt error/)
    expect(server.peer.endpoint.sizes()).toMatchObject({ handshakes: 0, associations: 0 })
  })

  it.concurrent('resumes a session', async () => {
    const server = await DtlsUdpServer.listen(echo, interopServer())
    const session = `${files.key}.session`
    const args = [
      's_client',
      '-dtls1_2',
      '-connect',
      `127.0.0.1:${server.port}`,
      ...psk,
      '-cipher',
      'PSK-AES128-GCM-SHA256',
    ]
    const input = 'hello there\n'
    await runProgram({ program: 'openssl', args: [...args, '-sess_out', session], input, until: /hello there/ })
    await runProgram({ program: 'openssl', args: [...args, '-sess_in', session], input, until: /hello there/ })
    await server.close()
    expect(server.peer.reports).toMatchObject([{ resumed: false }, { resumed: true, outcome: 'completed' }])
  })
})
