import { createPrivateKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hexOf, utf8 } from '../../../src/base/bytes.ts'
import { devicePem } from '../../support/dtls-certificates.ts'
import { echo, interopServer, pskHex, pskIdentity, weathers, briefWeathers } from '../../support/dtls-interop.ts'
import { DtlsUdpServer, fairWeather, type Weather } from '../../support/dtls-udp-server.ts'
import { ForeignDtlsPeer, tinydtlsPeer } from '../../support/foreign-dtls-peer.ts'

const { d, x, y } = createPrivateKey(devicePem.key).export({ format: 'jwk' })
const rawKey = [d, x, y].map((part) => Buffer.from(part!, 'base64url').toString('hex')).join('')

/** Connects with the suite of that number, and says hello and hears it back; again from the same port, and closes. */
async function greets(suite: string, weather: Weather = fairWeather, mtu = 1280): Promise<DtlsUdpServer> {
  const server = await DtlsUdpServer.listen(echo, interopServer({ clientAuthentication: 'needed' }, mtu), weather)
  const peer = new ForeignDtlsPeer(tinydtlsPeer!, [server.port, pskIdentity, isRaw(suite) ? rawKey : pskHex, suite])
  expect(await peer.says(20_000)).toBe('open')
  if (weather === fairWeather) {
    const hello = utf8('hello there')
    expect(await peer.ask(hello)).toBe(`got ${hexOf(hello)}`)
    peer.tell('again')
    expect(await peer.says()).toBe('open')
    expect(await peer.ask(hello)).toBe(`got ${hexOf(hello)}`)
    peer.tell('close')
    expect([await peer.says(), await peer.says()]).toEqual(['closed 0', 'alert: 1 0'])
  }
  await peer.close()
  await server.close()
  return server
}

const isRaw = (suite: string): boolean => suite >= 'c0ac'

describe.skipIf(tinydtlsPeer === undefined)('TinyDTLS (skipped where scripts/build-peers.sh did not build it)', () => {
  it.concurrent.each([
    ['c0a8', 'PSK_WITH_AES_128_CCM_8'],
    ['c0a4', 'PSK_WITH_AES_128_CCM'],
    ['c0ae', 'ECDHE_ECDSA_WITH_AES_128_CCM_8'],
    ['c0ac', 'ECDHE_ECDSA_WITH_AES_128_CCM'],
  ])('%s, %s: and after a restart from the same port', async (number, suite) => {
    const { peer } = await greets(number)
    const principal = { kind: isRaw(number) ? 'raw-public-key' : 'psk' }
    const opened = { suite, principal, extendedMasterSecret: true, resumed: false }
    expect(peer.opens).toMatchObject([opened, opened])
    expect(peer.lastOpened.ownCid).toHaveLength(0)
  })

  // It cannot put together a message that comes in pieces.
  it.concurrent.each([320, 512])('raw public keys at an MTU of %i', async (mtu) => {
    const { log } = await greets('c0ae', fairWeather, mtu)
    expect(Math.max(...log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(mtu)
  })

  it.concurrent.each(briefWeathers)('PSK with %s', async (name) => {
    const { peer } = await greets('c0a8', weathers[name])
    expect(peer.lastOpened.principal).toMatchObject({ kind: 'psk' })
  })
})
