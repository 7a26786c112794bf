/**
 * A scripted DTLS client that sends whatever it is told, in whatever order, with right or wrong content: for
 * the tests that attack a server. Uses our codecs and key derivation, none of our state machines.
 */
import { noBytes, type Bytes } from '../../src/base/bytes.ts'
import { SeededRandom } from '../../src/base/random.ts'
import type { Instant } from '../../src/base/time.ts'
import { isFault } from '../../src/base/fault.ts'
import { Association } from '../../src/dtls/association.ts'
import { keyBlockLength } from '../../src/dtls/association-keys.ts'
import { extendedMasterSecret, keyBlock, pskPremaster, verifyData } from '../../src/dtls/prf.ts'
import { RecordLayer } from '../../src/dtls/record-layer.ts'
import { suiteOf } from '../../src/dtls/suites.ts'
import { Transcript } from '../../src/dtls/transcript.ts'
import { encodeClientHello, type OfferedClientHello } from '../../src/dtls/wire/client-hello.ts'
import { encodeClientKeyExchange } from '../../src/dtls/wire/client-key-exchange.ts'
import {
  decodeFragmentHeader,
  emptyFragmentHeader,
  encodeFragmentHeader,
  handshakeHeaderLength,
  handshakeType,
  wholeMessage,
} from '../../src/dtls/wire/handshake-header.ts'
import { decodeHelloVerifyRequest } from '../../src/dtls/wire/hello-verify-request.ts'
import { contentType, decodeRecordHeader, emptyRecordHeader, encodeRecordHeader } from '../../src/dtls/wire/record.ts'
import { decodeServerHello, type ServerHello } from '../../src/dtls/wire/server-hello.ts'
import { decodeServerKeyExchange } from '../../src/dtls/wire/server-key-exchange.ts'
import { groupOf } from '../../src/dtls/wire/extensions/supported-groups.ts'
import { Writer } from '../../src/dtls/wire/writer.ts'
import type { SigningKey } from '../../src/dtls/crypto.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { identity, key, start, type Datagram, type DtlsPeer } from './dtls-peer.ts'

const crypto = nodeCrypto()

/** A record without protection. */
export function plainRecord(type: number, content: Bytes, options: { epoch?: number; sequence?: number } = {}): Bytes {
  const out = new Uint8Array(13 + content.length)
  const at = encodeRecordHeader(out, 0, type, options.epoch ?? 0, options.sequence ?? 0, noBytes, content.length)
  out.set(content, at)
  return out
}

/** A fragment of a handshake message; by default the whole of it. */
export function fragment(
  type: number,
  messageSequence: number,
  body: Bytes,
  part: { total?: number; offset?: number; length?: number } = {},
): Bytes {
  const out = new Uint8Array(handshakeHeaderLength + body.length)
  const { total = body.length, offset = 0, length = body.length } = part
  encodeFragmentHeader(out, 0, type, total, messageSequence, offset, length)
  out.set(body, handshakeHeaderLength)
  return out
}

export interface ReceivedMessage {
  readonly type: number
  readonly messageSequence: number
  readonly body: Bytes
}

/** Whole, unprotected handshake messages in what a server sent. */
export function messagesIn(datagrams: readonly Datagram[]): readonly ReceivedMessage[] {
  const messages: ReceivedMessage[] = []
  const record = emptyRecordHeader()
  const part = emptyFragmentHeader()
  for (const { bytes } of datagrams) {
    for (let at = 0; decodeRecordHeader(bytes, at, bytes.length, 0, record); at = record.end) {
      if (record.type !== contentType.handshake || record.epoch !== 0) continue
      if (!decodeFragmentHeader(bytes, record.start, record.end, part)) continue
      const { type, messageSequence } = part
      messages.push({ type, messageSequence, body: bytes.slice(part.start, part.end) })
    }
  }
  return messages
}

export class RawClient {
  readonly server: DtlsPeer
  readonly path: number
  now: Instant = start
  readonly random: Bytes
  messageSequence = 0
  recordSequence = 0
  cookie: Bytes = noBytes
  serverHello: ServerHello | undefined
  /** The server's flight, unprotected part. */
  flight: readonly ReceivedMessage[] = []
  association: Association | undefined
  readonly transcript = new Transcript()
  readonly #records: RecordLayer
  #master: Bytes = noBytes

  constructor(server: DtlsPeer, path = 1, seed = 5) {
    this.server = server
    this.path = path
    const random = new SeededRandom(seed)
    this.random = random.bytes(32)
    this.#records = new RecordLayer(crypto, random)
  }

  /** Sends octets as they are and returns what came back. */
  send(...datagrams: readonly Bytes[]): readonly Datagram[] {
    for (const bytes of datagrams) this.server.receive(this.now, this.path, bytes)
    return this.server.take()
  }

  plain(type: number, content: Bytes): Bytes {
    return plainRecord(type, content, { sequence: this.recordSequence++ })
  }

  /** The next handshake message as a record; counts in the transcript. */
  message(type: number, body: Bytes): Bytes {
    const whole = wholeMessage(type, this.messageSequence++, body)
    this.transcript.append(whole)
    return this.plain(contentType.handshake, whole)
  }

  helloBody(hello: Partial<OfferedClientHello> = {}): Bytes {
    return encodeClientHello({
      version: 0xfefd,
      random: this.random,
      sessionId: noBytes,
      cookie: this.cookie,
      suiteNumbers: [0xc0a8],
      ...hello,
      extensions: { extendedMasterSecret: true, ...hello.extensions },
    })
  }

  /** First hello and what answers it. */
  hello(hello: Partial<OfferedClientHello> = {}): readonly Datagram[] {
    this.transcript.clear()
    return this.send(this.message(handshakeType.clientHello, this.helloBody(hello)))
  }

  /** Both hellos; leaves the server waiting for our flight. */
  begin(hello: Partial<OfferedClientHello> = {}): readonly Datagram[] {
    const [request] = messagesIn(this.hello(hello))
    if (request?.type !== handshakeType.helloVerifyRequest) throw new Error('no HelloVerifyRequest')
    this.cookie = decodeHelloVerifyRequest(request.body)!
    const answer = this.hello(hello)
    this.flight = messagesIn(answer)
    for (const message of this.flight) {
      this.transcript.append(wholeMessage(message.type, message.messageSequence, message.body))
      if (message.type !== handshakeType.serverHello) continue
      const serverHello = decodeServerHello(message.body)
      if (isFault(serverHello)) throw new Error(serverHello.fault)
      this.serverHello = serverHello
    }
    return answer
  }

  /** ClientKeyExchange as a record, and the keys that follow from it. */
  keyExchange(who: Bytes = identity, psk: Bytes = key): Bytes {
    const record = this.message(
      handshakeType.clientKeyExchange,
      encodeClientKeyExchange({ identity: who, point: noBytes }, 'psk'),
    )
    this.deriveKeys(psk)
    return record
  }

  /** ClientKeyExchange of an ECDHE_ECDSA suite, with our own point or another one. */
  ecdheKeyExchange(point?: Bytes): Bytes {
    const exchange = this.flight.find(({ type }) => type === handshakeType.serverKeyExchange)!
    const { group, point: serverPoint } = decodeServerKeyExchange(exchange.body, 'ecdhe-ecdsa')!
    const ephemeral = crypto.ephemeralKey(groupOf(group!)!)
    const body = encodeClientKeyExchange({ identity: noBytes, point: point ?? ephemeral.publicKey }, 'ecdhe-ecdsa')
    const record = this.message(handshakeType.clientKeyExchange, body)
    this.#deriveFrom(ephemeral.agree(serverPoint)!)
    return record
  }

  /** CertificateVerify over the transcript as it stands. */
  certificateVerify(
    signer: SigningKey,
    algorithm = 0x0403,
    scheme: 'ecdsa-sha256' | 'ecdsa-sha384' = 'ecdsa-sha256',
  ): Bytes {
    const signature = crypto.sign(signer, scheme, this.transcript.octets())
    const body = new Writer(96).uint16(algorithm).vector16(signature).done()
    return this.message(handshakeType.certificateVerify, body)
  }

  /** PSK keys over the transcript as it stands. */
  deriveKeys(psk: Bytes = key): void {
    this.#deriveFrom(pskPremaster(psk))
  }

  #deriveFrom(premaster: Bytes): void {
    const { suiteNumber, random, extensions } = this.serverHello!
    const suite = suiteOf(suiteNumber)!
    const sessionHash = this.transcript.hash(crypto, suite.hash)
    this.#master = extendedMasterSecret(crypto, suite.hash, premaster, sessionHash)
    const masterKey = crypto.hmacKey(suite.hash, this.#master)
    const terms = {
      role: 'client',
      suite,
      keyBlock: keyBlock(crypto, masterKey, this.random, random, keyBlockLength(suite)),
      principal: { kind: 'anonymous' },
      ownCid: noBytes,
      peerCid: extensions.connectionIds.get(54) ?? noBytes,
      cidDialect: 54,
      extendedMasterSecret: true,
      returnRoutability: false,
      recordLimit: 16_384,
    } as const
    this.association = new Association(crypto, 1, terms, this.now, 0, Number.POSITIVE_INFINITY, 1)
  }

  changeCipherSpec(body: Bytes = new Uint8Array([1])): Bytes {
    return this.plain(contentType.changeCipherSpec, body)
  }

  finishedBody(): Bytes {
    const suite = suiteOf(this.serverHello!.suiteNumber)!
    const hash = this.transcript.hash(crypto, suite.hash)
    return verifyData(crypto, crypto.hmacKey(suite.hash, this.#master), 'client', hash)
  }

  finishedMessage(): Bytes {
    return wholeMessage(handshakeType.finished, this.messageSequence++, this.finishedBody())
  }

  /** Finished under the new keys, as a record. */
  finished(): Bytes {
    return this.protect(contentType.handshake, this.finishedMessage())
  }

  /** Any content under the new keys. */
  protect(type: number, content: Bytes): Bytes {
    const out = new Uint8Array(this.#records.sealedLength(this.association!, content.length))
    this.#records.seal(this.association!, type, content, 0, content.length, out, 0)
    return out
  }

  /** What a protected record from the server says, or undefined where it does not open. */
  open(bytes: Bytes): { readonly type: number; readonly content: Bytes } | undefined {
    const header = emptyRecordHeader()
    if (!decodeRecordHeader(bytes, 0, bytes.length, 0, header)) return undefined
    if (this.#records.open(this.association!, bytes, header) !== undefined) return undefined
    return { type: this.#records.type, content: this.#records.plaintext.slice(0, this.#records.plaintextEnd) }
  }

  /** The whole handshake; leaves an open association. */
  complete(hello: Partial<OfferedClientHello> = {}): this {
    this.begin(hello)
    this.send(this.keyExchange(), this.changeCipherSpec(), this.finished())
    return this
  }

  text(text: string): Bytes {
    return this.protect(contentType.applicationData, new TextEncoder().encode(text))
  }
}

/** Offers a connection id of ours, empty by default. */
export const withCid = { extensions: { connectionId: { dialect: 54, cid: noBytes } } } as const
