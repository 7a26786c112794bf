/**
 * One time on the network: a carrier to a peer, the radio on it and the CoAP package on that. Opens it,
 * or says in a line why it could not.
 */
import type { Random } from '../base/random.ts'
import { openDtls, openUdp, resolvePeer, type Carrier, type Psk } from './carrier.ts'
import { blockOf, first, uintOf } from './coap-options.ts'
import { CoapStack, type Incoming } from './coap-stack.ts'
import type { BlockSource } from './firmware/blockwise-package.ts'
import { Link } from './link.ts'
import type { Narrator } from './narrator.ts'
import type { ServerAddress } from './options.ts'
import type { Personality } from './personality.ts'

export interface SessionParts {
  readonly personality: Personality
  readonly loss: number
  readonly random: Random
  readonly psk: Psk | undefined
  readonly narrator: Narrator
}

export interface SessionEvents {
  /** Before anything is heard. */
  readonly opened: (stack: CoapStack) => void
  readonly requested: (incoming: Incoming) => void
  readonly emptied: (kind: 'ack' | 'reset', messageId: number) => void
  /** The peer's host says nothing listens on that port, or the DTLS association ended. */
  readonly broken: (reason: string) => void
}

export interface Session {
  readonly stack: CoapStack
  readonly localAddress: string
}

/** Undefined where the name does not resolve or the handshake fails; the log says which. */
export async function openSession(
  to: ServerAddress,
  parts: SessionParts,
  events: SessionEvents,
): Promise<Session | undefined> {
  const { narrator, psk, personality } = parts
  const carrierEvents = {
    received: (datagram: Buffer): void => link.receive(datagram),
    refused: (): void => events.broken('nothing listens there'),
    closed: (reason: string): void => events.broken(`DTLS: ${reason}`),
  }
  let carrier: Carrier
  try {
    const peer = await resolvePeer(to.host, to.port)
    if (to.secure && psk !== undefined) {
      carrier = await openDtls(peer, psk, carrierEvents)
      narrator.happened(`DTLS association with ${to.host}:${to.port}, identity ${psk.identity}`)
    } else carrier = await openUdp(peer, carrierEvents)
  } catch (error) {
    narrator.trouble(`cannot reach ${to.host}:${to.port}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
  const link = new Link(carrier, parts, {
    radio: (on) => (on ? narrator.detail('radio on') : narrator.happened('radio off until there is something to send')),
    lost: (direction, reason) => narrator.detail(`datagram ${direction}, but lost: ${reason}`),
    emptied: (kind, messageId) => events.emptied(kind, messageId),
  })
  const stack = new CoapStack(link, personality, {
    requested: (incoming) => events.requested(incoming),
    repeated: ({ method, path }) => narrator.happened(`no answer yet to ${method} /${path.join('/')}, sending again`),
  })
  events.opened(stack)
  return { stack, localAddress: carrier.localAddress }
}

/** Blocks of one resource through `stack`. */
export function blockSource(stack: CoapStack, path: readonly string[], queries: readonly string[]): BlockSource {
  return {
    async fetch(num, size) {
      const block2 = { num, more: false, size }
      const reply = await stack.exchange({ method: 'GET', path, queries, block2, size2: num === 0 })
      if (reply === undefined) return undefined
      return {
        code: reply.code,
        payload: reply.payload,
        block: blockOf(first(reply.options, 'Block2')),
        etag: first(reply.options, 'ETag')?.toString('hex'),
        total: uintOf(first(reply.options, 'Size2')),
      }
    },
  }
}
