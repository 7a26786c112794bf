/**
 * What lies between the package `coap` and the network: a carrier (UDP or DTLS) with the face of a dgram
 * socket, which shows every datagram to whoever listens. Knows no exchange.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:dgram'
import { openDtls, openUdp, resolvePeer, type Carrier, type Psk } from '../../device/carrier.ts'
import { CommandFailure } from '../failure.ts'
import type { Target } from './target.ts'

export type Tap = (direction: 'received' | 'sent', octets: Buffer) => void

export class Wire extends EventEmitter {
  readonly type: 'udp4' | 'udp6'
  /** Rejects with CommandFailure when the network says that it is of no use any more; never resolves. */
  readonly broken: Promise<never>
  readonly #carrier: Carrier
  readonly #taps = new Set<Tap>()

  constructor(carrier: Carrier, broken: Promise<never>) {
    super()
    this.broken = broken
    this.#carrier = carrier
    this.type = carrier.peer.family === 'IPv6' ? 'udp6' : 'udp4'
  }

  /** What the package takes for a socket. */
  get asSocket(): Socket {
    return this as unknown as Socket // the part of dgram.Socket that the package uses
  }

  get peer(): Carrier['peer'] {
    return this.#carrier.peer
  }

  /** Calls `tap` with each datagram, until the returned function is called. */
  tap(tap: Tap): () => void {
    this.#taps.add(tap)
    return () => this.#taps.delete(tap)
  }

  received(octets: Buffer): void {
    for (const tap of this.#taps) tap('received', octets)
    const { address, port, family } = this.#carrier.peer
    this.emit('message', octets, { address, port, family, size: octets.length })
  }

  /** As dgram has it; where to is known already. */
  send(octets: Buffer, offset: number, length: number, _port?: number, _host?: string, done?: () => void): void {
    const datagram = octets.subarray(offset, offset + length)
    for (const tap of this.#taps) tap('sent', datagram)
    this.#carrier.send(datagram)
    if (done !== undefined) setImmediate(done)
  }

  sendDatagram(octets: Buffer): void {
    this.send(octets, 0, octets.length)
  }

  address(): { address: string; port: number; family: string } {
    const { address, port, family } = this.#carrier.peer
    return { address, port, family }
  }

  close(): void {
    this.removeAllListeners()
    this.#carrier.close()
  }
}

/** Throws CommandFailure where the name is unknown or no association comes about. */
export async function openWire(target: Target, psk: Psk | undefined): Promise<Wire> {
  const { host, port } = target
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const peer = await resolvePeer(host, port).catch((cause: unknown) => {
    throw new CommandFailure(`there is no host called '${host}'`, { exitCode: 1, cause })
  })
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined) // nobody may be waiting just then
  const events = {
    received: (octets: Buffer) => wire.received(octets),
    refused: () =>
      broken.reject(
        new CommandFailure(`nothing listens on ${where}`, {
          exitCode: 1,
          advice: ['is the port right? CoAP is on 5683, over DTLS on 5684, unless somebody chose otherwise'],
        }),
      ),
    closed: (reason: string) =>
      broken.reject(new CommandFailure(`the DTLS association with ${where} has ended: ${reason}`, { exitCode: 1 })),
  }
  const carrier = await (psk === undefined ? openUdp(peer, events) : openDtls(peer, psk, events)).catch(
    (cause: unknown) => {
      throw psk === undefined ? noWay(where, cause) : noAssociation(where, cause)
    },
  )
  const wire = new Wire(carrier, broken.promise)
  return wire
}

function noWay(where: string, cause: unknown): CommandFailure {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  return new CommandFailure(`there is no way to ${where} from here (${reason})`, {
    exitCode: 1,
    advice: ['is the address right, and the network up?'],
    cause,
  })
}

function noAssociation(where: string, cause: unknown): CommandFailure {
  return new CommandFailure(`no DTLS association with ${where} came about: ${String(cause)}`, {
    exitCode: 1,
    advice: ['are identity and key of --psk right, and does the server speak TLS_PSK_WITH_AES_128_CCM_8?'],
    cause,
  })
}
