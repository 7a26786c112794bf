/**
 * What makes a simulated world a world on DTLS: a credential for each device, the server's secured door, the
 * devices' stack, and the books on both. The same seed gives the same keys.
 */
import { textOf, utf8, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Settings } from '../config/tunables.ts'
import type { DtlsCrypto } from '../dtls/crypto.ts'
import type { ClientTerms } from '../dtls/handshake/client-offer.ts'
import { dtlsOptionsOf } from '../dtls/options.ts'
import type { CredentialAnswer, CredentialQuery } from '../dtls/sink.ts'
import { defaultSuites } from '../dtls/suites.ts'
import { AssociationBooks, type AssociationBooksOptions } from './association-books.ts'
import { chanceOf } from './chance.ts'
import { SecuredStack } from './devices/secured-stack.ts'
import type { Tunnels } from './devices/tunnels.ts'
import { NonceBook } from './nonce-book.ts'
import type { SecuredDoor } from './server-process.ts'
import type { Timeline } from './timeline.ts'

export interface SecurityOptions {
  readonly crypto: DtlsCrypto
  /** One device in so many has no connection id; 0 for none. */
  readonly withoutCidEvery: number
}

export interface SecurityWorld extends AssociationBooksOptions {
  readonly seed: number
  readonly settings: Settings
  readonly endpointOf: (index: number) => string
}

const keyOctets = 16
const storeKeyOctets = 32
/** Of the suites whose nonces end in the record's number; most devices have the first only. */
const suites = defaultSuites.filter(
  ({ explicitNonceLength, keyExchange }) => keyExchange === 'psk' && explicitNonceLength === 8,
)

export class Security {
  readonly books: AssociationBooks
  readonly nonces: NonceBook
  readonly door: SecuredDoor
  /** Of all devices. */
  tunnels: Tunnels | undefined
  readonly #options: SecurityOptions
  readonly #world: SecurityWorld
  readonly #keys = new Map<string, Bytes>()

  constructor(options: SecurityOptions, world: SecurityWorld) {
    this.#options = options
    this.#world = world
    this.books = new AssociationBooks(world)
    this.nonces = new NonceBook(options.crypto, (text) => world.violate(text))
    const storeKey = chanceOf(world.seed, 'store key').bytes(storeKeyOctets)
    this.nonces.expectDrawn(storeKey)
    this.door = {
      options: { ...dtlsOptionsOf(world.settings), storeKey },
      crypto: this.nonces.crypto,
      lookup: (query) => this.#lookup(query),
      recalled: (key, stored) => this.books.recalled(key, stored),
      log: this.books.log,
      metrics: this.books.metrics,
    }
  }

  /** Whether the device of that number has one. */
  hasConnectionId(index: number): boolean {
    const { withoutCidEvery } = this.#options
    return withoutCidEvery === 0 || index % withoutCidEvery !== 0
  }

  /** The stack of all devices; to be made once. */
  stack(timeline: Timeline, random: Random, devices: number): SecuredStack {
    const { crypto } = this.nonces
    const stack = new SecuredStack({
      timeline,
      random,
      devices,
      crypto,
      termsOf: (index) => this.#termsOf(index),
      witness: this.books,
    })
    this.tunnels = stack.tunnels
    return stack
  }

  #lookup(query: CredentialQuery): CredentialAnswer {
    const endpoint = query.kind === 'psk' ? textOf(query.identity) : undefined
    const key = endpoint === undefined ? undefined : this.#keys.get(endpoint)
    return key === undefined ? { kind: 'unknown' } : { kind: 'key', key, holder: endpoint! }
  }

  /** The identity is the endpoint name; a third of those with a connection id can prove where they are (RFC 9853). */
  #termsOf(index: number): ClientTerms {
    const { endpointOf, seed } = this.#world
    const endpoint = endpointOf(index)
    const key = this.#keys.get(endpoint) ?? chanceOf(seed, `key of ${endpoint}`).bytes(keyOctets)
    this.#keys.set(endpoint, key)
    return {
      preSharedKey: { identity: utf8(endpoint), key },
      suites: index % 16 === 1 ? suites.slice(1) : suites.slice(0, 1),
      ...(this.hasConnectionId(index) ? { cidDialect: 54, returnRoutability: index % 3 === 0 } : {}),
    }
  }
}
