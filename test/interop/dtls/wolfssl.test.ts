import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/base/bytes.ts'
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
import { ForeignDtlsPeer, wolfsslPeer } from '../../support/foreign-dtls-peer.ts'

const files = keyFiles()

interface Session {
  readonly suite?: string
  readonly mtu?: number
  readonly connectionId?: boolean
  /** A PEM file, instead of the pre-shared key. */
  readonly certificate?: string
  readonly weather?: Weather
  /** After the first handshake, over a new association each. */
  readonly resumptions?: number
}

/** Connects, and says hello and hears it back; over each resumption too. */
async function greets(session: Session = {}): Promise<DtlsUdpServer> {
  const { suite = 'PSK-AES128-CCM-8', mtu = 1200, weather = fairWeather, resumptions = 0 } = session
  const server = await DtlsUdpServer.listen(echo, interopServer({}, mtu), weather)
  const certificate = session.certificate === undefined ? [] : [session.certificate]
  const args = [server.port, pskIdentity, pskHex, suite, mtu, session.connectionId === false ? 0 : 1, ...certificate]
  const peer = new ForeignDtlsPeer(wolfsslPeer!, args)
  const hello = utf8('hello there')
  expect(await peer.says(20_000)).toMatch(/^open TLS_/)
  if (weather === fairWeather) expect(await peer.ask(hello)).toBe(`got ${hexOf(hello)}`)
  for (let i = 0; i < resumptions; i++) {
    peer.tell('resume')
    expect(await peer.says()).toMatch(/^resumed TLS_/)
    expect(await peer.ask(hello)).toBe(`got ${hexOf(hello)}`)
  }
  await peer.close()
  await server.close()
  expect(server.peer.opens).toHaveLength(1 + resumptions)
  return server
}

describe.skipIf(wolfsslPeer === undefined)(
  'wolfSSL 5.9 (skipped where scripts/build-peers.sh did not build it)',
  () => {
    it.concurrent.each([
      ['PSK-AES128-CCM-8', 'PSK_WITH_AES_128_CCM_8'],
      ['PSK-AES128-CCM', 'PSK_WITH_AES_128_CCM'],
      ['PSK-AES256-CCM-8', 'PSK_WITH_AES_256_CCM_8'],
      ['PSK-AES128-GCM-SHA256', 'PSK_WITH_AES_128_GCM_SHA256'],
      ['PSK-AES256-GCM-SHA384', 'PSK_WITH_AES_256_GCM_SHA384'],
      ['PSK-CHACHA20-POLY1305', 'PSK_WITH_CHACHA20_POLY1305_SHA256'],
      ['ECDHE-PSK-CHACHA20-POLY1305', 'ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'],
      ['ECDHE-PSK-AES128-GCM-SHA256', 'ECDHE_PSK_WITH_AES_128_GCM_SHA256'],
      ['ECDHE-ECDSA-AES128-CCM-8', 'ECDHE_ECDSA_WITH_AES_128_CCM_8'],
      ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
      ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
    ])('%s, with a connection id', async (name, suite) => {
      const certificate = name.includes('ECDSA') ? { certificate: files.certificateAndKey } : {}
      const { peer } = await greets({ suite: name, ...certificate })
      expect(peer.lastOpened).toMatchObject({ suite, extendedMasterSecret: true })
      expect(peer.lastOpened.ownCid).toHaveLength(6)
    })

    // It has no MAC of RFC 9146 §5.2 for them: such a handshake with a connection id ends in its silence.
    it.concurrent.each([
      ['PSK-AES128-CBC-SHA256', 'PSK_WITH_AES_128_CBC_SHA256'],
      ['ECDHE-PSK-AES128-CBC-SHA256', 'ECDHE_PSK_WITH_AES_128_CBC_SHA256'],
    ])('%s, without', async (name, suite) => {
      const { peer } = await greets({ suite: name, connectionId: false })
      expect(peer.lastOpened).toMatchObject({ suite, extendedMasterSecret: true })
    })

    it.concurrent.each([
      ['a key', {}],
      ['a key, without connection ids', { connectionId: false }],
      ['a certificate', { suite: 'ECDHE-ECDSA-AES128-CCM-8', certificate: files.certificateAndKey }],
    ])('takes up a session of %s again, and once more', async (_name, session) => {
      const { peer } = await greets({ ...session, resumptions: 2 })
      expect(peer.opens.map(({ resumed }) => resumed)).toEqual([false, true, true])
    })

    it.concurrent.each([300, 576, 1500])('a certificate at an MTU of %i', async (mtu) => {
      const certificate = files.certificateAndKey
      const { log, peer } = await greets({ suite: 'ECDHE-ECDSA-AES128-CCM-8', mtu, certificate })
      expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
      expect(peer.lastOpened.principal).toMatchObject({ kind: 'certificate' })
    })

    it.concurrent.each(briefWeathers)('PSK with %s', async (name) => {
      const { peer } = await greets({ weather: weathers[name]! })
      expect(peer.lastOpened.principal).toMatchObject({ kind: 'psk' })
    })
  },
)
