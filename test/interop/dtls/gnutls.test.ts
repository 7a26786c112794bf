import { describe, expect, it } from 'vitest'
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
const dtls12 = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2'
const psk = ['--pskusername', pskIdentity, '--pskkey', pskHex]

async function greets(
  args: readonly string[],
  weather: Weather = fairWeather,
  datagramLimit = 1280,
): Promise<DtlsUdpServer> {
  const server = await DtlsUdpServer.listen(echo, interopServer({}, datagramLimit), weather)
  const output = await runProgram({
    program: 'gnutls-cli',
    args: ['--udp', '--insecure', '-p', `${server.port}`, ...args, '127.0.0.1'],
    input: 'hello there\n',
    until: /hello there|Fatal/,
  })
  await server.close()
  expect(output).toMatch(/hello there/)
  return server
}

describe.skipIf(!isInstalled('gnutls-cli'))('gnutls-cli (skipped where gnutls-bin is not installed)', () => {
  it.concurrent.each([
    ['+PSK:-CIPHER-ALL:+AES-128-CCM-8', 'PSK_WITH_AES_128_CCM_8'],
    ['+PSK:-CIPHER-ALL:+AES-128-CCM', 'PSK_WITH_AES_128_CCM'],
    ['+PSK:-CIPHER-ALL:+AES-128-GCM', 'PSK_WITH_AES_128_GCM_SHA256'],
    ['+PSK:-CIPHER-ALL:+AES-256-GCM', 'PSK_WITH_AES_256_GCM_SHA384'],
    ['+PSK:-CIPHER-ALL:+CHACHA20-POLY1305', 'PSK_WITH_CHACHA20_POLY1305_SHA256'],
  ])('-KX-ALL:%s', async (priority, suite) => {
    const { peer } = await greets([...psk, '--priority', `${dtls12}:-KX-ALL:${priority}`])
    expect(peer.lastOpened).toMatchObject({ suite, extendedMasterSecret: true })
  })

  it.concurrent('ECDHE-PSK, as far as the server can see', async () => {
    // gnutls-cli 3.7 completes such a handshake and then crashes while it prints the session
    const server = await DtlsUdpServer.listen(echo, interopServer())
    const priority = `${dtls12}:-KX-ALL:+ECDHE-PSK:-CIPHER-ALL:+CHACHA20-POLY1305`
    const args = ['--udp', '-p', `${server.port}`, ...psk, '--priority', priority, '127.0.0.1']
    await runProgram({ program: 'gnutls-cli', args, until: /Handshake was completed/ })
    await server.close()
    expect(server.peer.lastOpened.suite).toBe('ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256')
  })

  it.concurrent.each([
    ['AES-128-CCM-8', 'ECDHE_ECDSA_WITH_AES_128_CCM_8'],
    ['AES-256-GCM', 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  ])('a client certificate with %s', async (cipher, suite) => {
    const { peer } = await greets([
      '--x509certfile',
      files.certificateAndKey,
      '--x509keyfile',
      files.certificateAndKey,
      '--priority',
      `${dtls12}:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL:+${cipher}`,
    ])
    expect(peer.lastOpened).toMatchObject({ suite, principal: { kind: 'certificate' } })
  })

  it.concurrent('raw public keys on both sides', async () => {
    const { peer } = await greets([
      '--no-ca-verification',
      '--rawpkkeyfile',
      files.key,
      '--rawpkfile',
      files.publicKey,
      '--priority',
      `${dtls12}:-KX-ALL:+ECDHE-ECDSA:-CTYPE-ALL:+CTYPE-RAWPK`,
    ])
    expect(peer.lastOpened).toMatchObject({ principal: { kind: 'raw-public-key' } })
  })

  it.concurrent('with a small maximum record size', async () => {
    const { peer } = await greets([...psk, '--recordsize', '512', '--priority', `${dtls12}:-KX-ALL:+PSK`])
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent.each([256, 400, 576, 1500])('certificates at an MTU of %i', async (mtu) => {
    const { log } = await greets(['--mtu', `${mtu}`, '--priority', `${dtls12}:-KX-ALL:+ECDHE-ECDSA`], fairWeather, mtu)
    expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
  })

  it.concurrent.each(Object.keys(weathers))('PSK with %s', async (name) => {
    const { peer } = await greets([...psk, '--priority', `${dtls12}:-KX-ALL:+PSK`], weathers[name])
    expect(peer.opens).toHaveLength(1)
  })

  it.concurrent.each(briefWeathers)('certificates with %s', async (name) => {
    const { peer } = await greets(['--priority', `${dtls12}:-KX-ALL:+ECDHE-ECDSA`], weathers[name])
    expect(peer.opens).toHaveLength(1)
  })
})
