import { describe, expect, it } from 'vitest'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import { coapAnswer, interopServer, keyFiles, pskIdentity, pskText, weathers } from '../../support/dtls-interop.ts'
import { DtlsUdpServer, fairWeather, type Weather } from '../../support/dtls-udp-server.ts'
import { isInstalled, runProgram } from '../../support/program.ts'

const files = keyFiles()
const psk = ['-u', pskIdentity, '-k', pskText]

async function gets(
  program: string,
  args: readonly string[],
  options: Partial<DtlsOptions> = {},
  weather: Weather = fairWeather,
): Promise<DtlsUdpServer> {
  const server = await DtlsUdpServer.listen(coapAnswer, interopServer(options), weather)
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
      const args = ['-c', files.certificateAndKey, '-j', files.certificateAndKey, '-C', files.authority]
      const { peer } = await gets(program, args, { clientAuthentication: 'needed' })
      expect(peer.lastOpened).toMatchObject({ principal: { kind: 'certificate' } })
    })

    it.concurrent.each(Object.keys(weathers))('with a pre-shared key and %s', async (name) => {
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
