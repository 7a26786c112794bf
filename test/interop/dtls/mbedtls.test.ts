import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/base/bytes.ts'
import { echo, interopServer, pskHex, pskIdentity, weathers } from '../../support/dtls-interop.ts'
import { DtlsUdpServer, fairWeather, type Weather } from '../../support/dtls-udp-server.ts'
import { ForeignDtlsPeer, mbedtlsPeer } from '../../support/foreign-dtls-peer.ts'

interface Session {
  readonly suite?: string
  /** Octets of the largest record (max_fragment_length); 0 asks for none. */
  readonly fragment?: number
  readonly mtu?: number
  readonly weather?: Weather
}

/** Connects, says `octets` octets, and hears them back. */
async function greets(session: Session = {}, octets = 11): Promise<DtlsUdpServer> {
  const { suite = 'TLS-PSK-WITH-AES-128-CCM-8', fragment = 0, mtu = 1200, weather = fairWeather } = session
  const server = await DtlsUdpServer.listen(echo, interopServer({}, mtu), weather)
  const peer = new ForeignDtlsPeer(mbedtlsPeer!, [server.port, pskIdentity, pskHex, suite, fragment, mtu, 0])
  expect(await peer.says(20_000)).toBe(`open ${suite}`)
  if (weather === fairWeather) {
    const message = utf8('x'.repeat(octets))
    expect(await peer.ask(message)).toBe(`got ${hexOf(message)}`)
  }
  await peer.close()
  await server.close()
  expect(server.peer.opens).toHaveLength(1)
  return server
}

describe.skipIf(mbedtlsPeer === undefined)(
  'Mbed TLS 2.28 (skipped where libmbedtls-dev or cc is not installed)',
  () => {
    it.concurrent.each([
      ['PSK-WITH-AES-128-CCM-8', 'PSK_WITH_AES_128_CCM_8'],
      ['PSK-WITH-AES-128-CCM', 'PSK_WITH_AES_128_CCM'],
      ['PSK-WITH-AES-256-CCM-8', 'PSK_WITH_AES_256_CCM_8'],
      ['PSK-WITH-AES-128-GCM-SHA256', 'PSK_WITH_AES_128_GCM_SHA256'],
      ['PSK-WITH-AES-256-GCM-SHA384', 'PSK_WITH_AES_256_GCM_SHA384'],
      ['PSK-WITH-CHACHA20-POLY1305-SHA256', 'PSK_WITH_CHACHA20_POLY1305_SHA256'],
      ['ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256', 'ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'],
      ['PSK-WITH-AES-128-CBC-SHA256', 'PSK_WITH_AES_128_CBC_SHA256'],
      ['ECDHE-PSK-WITH-AES-128-CBC-SHA256', 'ECDHE_PSK_WITH_AES_128_CBC_SHA256'],
      ['ECDHE-ECDSA-WITH-AES-128-CCM-8', 'ECDHE_ECDSA_WITH_AES_128_CCM_8'],
      ['ECDHE-ECDSA-WITH-AES-256-GCM-SHA384', 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ])('%s', async (name, suite) => {
      const { peer } = await greets({ suite: `TLS-${name}` })
      expect(peer.lastOpened).toMatchObject({ suite, extendedMasterSecret: true })
      expect(peer.lastOpened.ownCid).toHaveLength(0)
    })

    it.concurrent.each([512, 1024])('with records of at most %i octets', async (fragment) => {
      const { log } = await greets({ fragment }, 500)
      expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThan(fragment + 64)
    })

    it.concurrent.each([256, 400, 576, 1500])('ECDSA at an MTU of %i', async (mtu) => {
      const { log } = await greets({ suite: 'TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8', mtu })
      expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
    })

    it.concurrent.each(Object.keys(weathers))('PSK with %s', async (name) => {
      const { peer } = await greets({ weather: weathers[name]! })
      expect(peer.lastOpened.principal).toMatchObject({ kind: 'psk' })
    })

    it.concurrent.each(Object.keys(weathers))('ECDSA with %s', async (name) => {
      const suite = 'TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8'
      const { peer } = await greets({ suite, mtu: 400, weather: weathers[name]! })
      expect(peer.lastOpened.principal).toMatchObject({ kind: 'anonymous' })
    })
  },
)
