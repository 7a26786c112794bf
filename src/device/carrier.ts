/**
 * What carries the device's datagrams to one peer: a connected UDP socket, or a DTLS association of the
 * package node-dtls-client. Knows nothing of what is in them.
 */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { dtls } from 'node-dtls-client'
import { seconds, type Duration } from '../base/time.ts'

export interface Peer {
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}

export interface Psk {
  readonly identity: string
  readonly key: Uint8Array
}

export interface Carrier {
  readonly peer: Peer
  readonly localAddress: string
  send(datagram: Buffer): void
  close(): void
}

export interface CarrierEvents {
  readonly received: (datagram: Buffer) => void
  /** The peer's host says that nothing listens there. */
  readonly refused: () => void
  /** The association is gone; datagrams sent from now on go nowhere. */
  readonly closed: (reason: string) => void
}

/** The address of a host name or literal, IPv6 literals with or without brackets. Throws where there is none. */
export async function resolvePeer(host: string, port: number): Promise<Peer> {
  const { address, family } = await lookup(host.replace(/^\[|\]$/g, ''))
  return { address, port, family: family === 6 ? 'IPv6' : 'IPv4' }
}

export function openUdp(peer: Peer, events: CarrierEvents): Promise<Carrier> {
  const socket = createSocket(peer.family === 'IPv6' ? 'udp6' : 'udp4')
  let open = true
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    // Told here, not as an event, where there is no way to the address.
    socket.connect(peer.port, peer.address, (failure?: Error) => {
      socket.off('error', reject)
      if (failure !== undefined) {
        socket.close()
        return reject(failure)
      }
      // A connected socket hears of ICMP "port unreachable"; on others that would be silence.
      socket.on('error', () => events.refused())
      socket.on('message', (datagram) => events.received(datagram))
      resolve({
        peer,
        localAddress: socket.address().address,
        send(datagram) {
          if (open) socket.send(datagram)
        },
        close() {
          open = false
          socket.close()
        },
      })
    })
  })
}

/** node-dtls-client sends each flight once, so a lost one means to begin anew after this long. */
const handshakeTimeout: Duration = seconds(4)

/** Rejects where the handshake fails or times out. */
export function openDtls(peer: Peer, psk: Psk, events: CarrierEvents): Promise<Carrier> {
  const socket = dtls.createSocket({
    type: peer.family === 'IPv6' ? 'udp6' : 'udp4',
    address: peer.address,
    port: peer.port,
    psk: { [psk.identity]: Buffer.from(psk.key) },
    timeout: handshakeTimeout,
    ciphers: ['TLS_PSK_WITH_AES_128_CCM_8'],
  })
  let open = false
  return new Promise((resolve, reject) => {
    const ended = (reason: string): void => {
      if (open) events.closed(reason)
      open = false
    }
    socket.on('error', (error: Error) => {
      ended(error.message)
      reject(error) // means nothing once resolved
    })
    socket.once('close', () => ended('closed by the server'))
    socket.once('connected', () => {
      open = true
      socket.on('message', (datagram: Buffer) => events.received(datagram))
      resolve({
        peer,
        localAddress: peer.family === 'IPv6' ? '::' : '0.0.0.0', // the package does not tell
        send(datagram) {
          if (open) socket.send(datagram)
        },
        close() {
          if (!open) return
          open = false
          socket.removeAllListeners('message')
          socket.close()
        },
      })
    })
  })
}
