/** A device that speaks DTLS with an engine: its handshakes and records, and what it says above them, as lines. */
import { hexOf, utf8 } from '../../src/base/bytes.ts'
import { SeededRandom } from '../../src/base/random.ts'
import type { ClientTerms } from '../../src/dtls/handshake/client-offer.ts'
import { defaultDtlsOptions } from '../../src/dtls/options.ts'
import { defaultSuites } from '../../src/dtls/suites.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { datagramOf, lineOf } from './coap-notation.ts'
import { clientOptions, DtlsPeer, storeKey } from './dtls-peer.ts'
import { EngineHarness, securedPaths } from './engine-harness.ts'

export const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>,</5/0>"'
export const register = (ep: string) => `CON 1 POST [01] /rd ?ep=${ep}&lt=86400&lwm2m=1.1 Content-Format=40 ${links}`
/** Of every identity that is known. */
export const key = new Uint8Array(16).map((_, i) => 7 * i + 3)

/** A house with DTLS and one device that may come, on path `path`. */
export class Secured {
  readonly house: EngineHarness
  readonly device = new DtlsPeer({ options: clientOptions, random: new SeededRandom(5) })
  path = securedPaths + 1
  /** Every record either side has sent, to look for a repeated nonce. */
  readonly records: string[] = []

  constructor(credentials: Readonly<Record<string, string>> = { meter: 'urn:dev:a' }, sequenceReservation = 64) {
    const options = { ...defaultDtlsOptions, storeKey, sequenceReservation }
    this.house = new EngineHarness({}, undefined, { options, crypto: nodeCrypto() })
    for (const [identity, endpoint] of Object.entries(credentials))
      this.house.credentials.set(identity, { key, endpoint })
  }

  connect(identity = 'meter', withKey = key, more: Partial<ClientTerms> = {}): this {
    const suites = defaultSuites.filter(({ keyExchange }) => keyExchange === 'psk')
    const preSharedKey = { identity: utf8(identity), key: withKey }
    this.device.endpoint.connect(this.house.now, 0, { preSharedKey, suites, cidDialect: 54, ...more })
    return this.settle()
  }

  /** Carries datagrams both ways until nobody has anything to say. */
  settle(): this {
    for (let idle = 0; idle < 2; idle++) {
      for (const { bytes } of this.device.take()) {
        idle = 0
        this.house.receiveSecured(this.path, bytes)
      }
      this.house.settle()
      for (const { path, bytes } of this.house.sentSecured()) {
        idle = 0
        if (bytes[0] === 23 || bytes[0] === 25) this.records.push(hexOf(bytes.subarray(0, 11)))
        if (path === this.path) this.device.receive(this.house.now, 0, bytes)
      }
    }
    return this
  }

  /** Sends one CoAP message of the device and gives back what came in answer, as lines. */
  say(line: string): readonly string[] {
    const before = this.device.received.length
    const bytes = datagramOf(line)
    this.device.endpoint.send(this.house.now, this.device.lastOpened.id, bytes, 0, bytes.length)
    this.settle()
    return this.device.received.slice(before).map((received) => lineOf(received.bytes))
  }
}
