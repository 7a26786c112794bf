import { describe, expect, it } from 'vitest'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import {
  briefWeathers,
  coapAnswer,
  interopServer,
  keyFiles,
  pskIdentity,
  pskText,
  weathers,
} from '../../support/dtls-interop.ts'
import { DtlsUdpServer, fairWeather, type Weather } from '../../support/dtls-udp-server.ts'
import { isInstalled, runProgram } from '../../support/program.ts'

const files = keyFiles()
const psk = ['-u', pskIdentity, '-k', pskText]
const certificates = ['-c', files.certificateAndKey, '-j', files.certificateAndKey, '-C', files.authority]

async function gets(
  program: string,
  args: readonly string[],
  options: Partial<DtlsOptions> = {},
  weather: Weather = fairWeather,
  datagramLimit = 1280,
): Promise<DtlsUdpServer> {
  const server = await DtlsUdpServer.listen(coapAnswer, interopServer(options, datagramLimit), weather)
  const output = await runProgram({
    program,
    args: ['-B', '12', ...args, '-m', 'get', `coaps://localhost:${server.port}/x`],
    until: /hello world|ERR/,
  })
  await server.close()
  expect(output).toMatch(/hello world/)
  return server
}

describe.each(['coap-client-openssl', 'coap-client-gnutls'])('%s', (program) => {
  describe.skipIf(!isInstalled(program))('(skipped where libcoap3-bin is not installed)', () => {
    it.concurrent('with a pre-shared key', async () => {
      const { peer } = await gets(program, psk)
      expect(peer.lastOpened).toMatchObject({ principal: { kind: 'psk' } })
    })

    it.concurrent('with certificates on both sides', async () => {
      const { peer } = await gets(program, certificates, { clientAuthentication: 'needed' })
      expect(peer.lastOpened).toMatchObject({ principal: { kind: 'certificate' } })
    })

    // it has no flag for its own; what we send is cut to it
    it.concurrent.each([256, 400, 576, 1500])('with certificates at an MTU of %i', async (mtu) => {
      const { log } = await gets(program, certificates, { clientAuthentication: 'needed' }, fairWeather, mtu)
      const sent = log.filter(({ direction }) => direction === 'down')
      expect(Math.max(...sent.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
    })

    it.concurrent.each(briefWeathers)('with certificates and %s', async (name) => {
      const { peer } = await gets(program, certificates, { clientAuthentication: 'needed' }, weathers[name])
      expect(peer.opens).toHaveLength(1)
    })

    // It gives up after five timeouts in all, and over GnuTLS when part of a flight of several datagrams is lost.
    it.concurrent.each(briefWeathers)('with a pre-shared key and %s', async (name) => {
      const { peer } = await gets(program, psk, {}, weathers[name])
      expect(peer.opens).toHaveLength(1)
    })
  })
})

describe.skipIf(!isInstalled('coap-client-gnutls'))('coap-client-gnutls (skipped where it is not installed)', () => {
  it('with raw public keys', async () => {
    const { peer } = await gets('coap-client-gnutls', ['-M', files.sec1, '-n'], { clientAuthentication: 'needed' })
    expect(peer.lastOpened).toMatchObject({ principal: { kind: 'raw-public-key' } })
  })
})
