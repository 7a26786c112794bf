import { dtls } from 'node-dtls-client'
import { describe, expect, it } from 'vitest'
import { echo, interopServer, pskIdentity, pskText } from '../../support/dtls-interop.ts'
import { DtlsUdpServer, type Weather } from '../../support/dtls-udp-server.ts'

interface Outcome {
  readonly server: DtlsUdpServer
  /** What was echoed, or why it was not. */
  readonly said: string
}

/** Connects with one suite, says hello and hears it back, or reports its error. */
async function greets(cipher: string, key = pskText, weather?: Weather): Promise<Outcome> {
  const server = await DtlsUdpServer.listen(echo, interopServer(), weather)
  const said = await new Promise<string>((resolve) => {
    const socket = dtls.createSocket({
      type: 'udp4',
      address: '127.0.0.1',
      port: server.port,
      psk: { [pskIdentity]: key },
      timeout: 5000,
      ciphers: [cipher as 'TLS_PSK_WITH_AES_128_CCM_8'],
    })
    socket.on('connected', () => socket.send(Buffer.from('hello there')))
    socket.on('message', (message: Buffer) => {
      resolve(message.toString())
      socket.close()
    })
    socket.on('error', (error: Error) => resolve(`failed: ${error.message}`))
  })
  await server.close()
  return { server, said }
}

describe('node-dtls-client', () => {
  it.concurrent.each([
    'PSK_WITH_AES_128_CCM_8',
    'PSK_WITH_AES_256_CCM_8',
    'PSK_WITH_AES_128_GCM_SHA256',
    'PSK_WITH_AES_256_GCM_SHA384',
    'PSK_WITH_AES_128_CBC_SHA256',
  ])('%s, without any extension', async (suite) => {
    const { server, said } = await greets(`TLS_${suite}`)
    expect(said).toBe('hello there')
    expect(server.peer.lastOpened).toMatchObject({ suite, extendedMasterSecret: false, resumed: false })
    expect(server.peer.lastOpened.ownCid).toHaveLength(0)
  })

  it.concurrent.each([
    'PSK_WITH_3DES_EDE_CBC_SHA',
    'PSK_WITH_AES_128_CBC_SHA',
    'PSK_WITH_AES_256_CBC_SHA',
    'PSK_WITH_AES_256_CBC_SHA384',
  ])('%s is refused: not one of ours', async (suite) => {
    const { server, said } = await greets(`TLS_${suite}`)
    expect(said).toMatch(/^failed/)
    expect(server.peer.reports).toMatchObject([{ outcome: 'failed', reason: 'no-common-suite' }])
  })

  it.concurrent('a wrong key does not get in', async () => {
    const { server, said } = await greets('TLS_PSK_WITH_AES_128_CCM_8', 'another key')
    expect(said).toMatch(/^failed/)
    expect(server.peer.opens).toEqual([])
  })

  it.concurrent('is served although our flight is lost: it repeats nothing itself', async () => {
    const { server, said } = await greets('TLS_PSK_WITH_AES_128_CCM_8', pskText, (direction, index) => ({
      // The cookie is nobody's to repeat: who sends it has forgotten it.
      copies: direction === 'down' && index === 1 ? 0 : 1,
      delay: 0,
    }))
    expect(said).toBe('hello there')
    expect(server.peer.reports).toMatchObject([{ retransmissions: 1 }])
  })

  it.concurrent('is served although each of its datagrams comes twice', async () => {
    const { said } = await greets('TLS_PSK_WITH_AES_128_CCM_8', pskText, (direction) => ({
      copies: direction === 'up' ? 2 : 1,
      delay: 0,
    }))
    expect(said).toBe('hello there')
  })
})
