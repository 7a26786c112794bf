/**
 * The client's side of a handshake, for simulated devices and tests; the chart stands in `server.ts`.
 * Answers a HelloVerifyRequest, resumes where it has a session, proves a certificate where asked.
 */
import { concatBytes, copyOf, noBytes, type Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { keyBlockLength } from '../association-keys.ts'
import { certificatePrincipal, verifyCertificatePath } from '../certificate-path.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import { checkAnswer, offeredExtensions, type ClientTerms } from './client-offer.ts'
import type { OwnCertificate } from '../options.ts'
import { ecdhePskPremaster, extendedMasterSecret, keyBlock, masterSecret, pskPremaster } from '../prf.ts'
import type { HandshakeMessage } from '../reassembly.ts'
import type { Session } from '../sessions.ts'
import type { CredentialAnswer } from '../sink.ts'
import { suiteOf, type CipherSuite } from '../suites.ts'
import {
  decodeCertificateChain,
  decodeRawPublicKey,
  encodeCertificateChain,
  encodeRawPublicKey,
} from '../wire/certificate-message.ts'
import { decodeCertificateRequest } from '../wire/certificate-request.ts'
import { encodeClientHello } from '../wire/client-hello.ts'
import { encodeClientKeyExchange } from '../wire/client-key-exchange.ts'
import { schemeOf } from '../wire/extensions/signature-algorithms.ts'
import { groupOf } from '../wire/extensions/supported-groups.ts'
import { handshakeType } from '../wire/handshake-header.ts'
import { decodeHelloVerifyRequest } from '../wire/hello-verify-request.ts'
import { plaintextLimit, version } from '../wire/record.ts'
import { decodeServerHello, type ServerHello } from '../wire/server-hello.ts'
import { decodeServerKeyExchange, type ServerKeyExchange } from '../wire/server-key-exchange.ts'
import { encodeSigned } from '../wire/signed.ts'
import { Writer } from '../wire/writer.ts'
import { Handshake } from './handshake.ts'

interface Agreed {
  readonly suite: CipherSuite
  readonly server: ServerHello
  readonly peerCid: Bytes
  readonly isExtended: boolean
}

type State =
  | { readonly kind: 'expect-server-hello'; readonly cookieAsked: number }
  | { readonly kind: 'expect-certificate'; readonly agreed: Agreed }
  | {
      readonly kind: 'expect-key-exchange'
      readonly agreed: Agreed
      readonly shown: Bytes | readonly Bytes[] | undefined
    }
  | {
      readonly kind: 'expect-done'
      readonly agreed: Agreed
      readonly shown: Bytes | readonly Bytes[] | undefined
      readonly exchange: ServerKeyExchange | undefined
      readonly certificateAsked: boolean
    }
  | { readonly kind: 'await-trust'; readonly next: State & { readonly kind: 'expect-done' } }
  | { readonly kind: 'expect-finished'; readonly agreed: Agreed; readonly master: Bytes }
  | { readonly kind: 'done' }

/** HelloVerifyRequests answered before giving up on a server that asks for ever. */
const cookieLimit = 3

export class ClientHandshake extends Handshake {
  readonly role = 'client'
  #terms: ClientTerms | undefined
  #random: Bytes = noBytes
  /** To resume by, once it is done. */
  session: Omit<Session, 'expires'> | undefined
  #state: State = { kind: 'expect-server-hello', cookieAsked: 0 }

  get isWaiting(): boolean {
    return this.#state.kind === 'await-trust'
  }

  get isDone(): boolean {
    return this.#state.kind === 'done'
  }

  /** Sends the first hello. */
  begin(now: Instant, terms: ClientTerms): void {
    this.#terms = terms
    this.#random = this.host.random.bytes(32)
    this.ownCid = terms.cidDialect === undefined ? undefined : this.host.reserveCid(this)
    this.serverName = terms.serverName
    this.#sendHello(now, noBytes)
  }

  protected receive(now: Instant, message: HandshakeMessage): DtlsFault | undefined {
    const state = this.#state
    switch (state.kind) {
      case 'expect-server-hello':
        if (message.type === handshakeType.helloVerifyRequest) return this.#cookie(now, state.cookieAsked, message)
        return message.type === handshakeType.serverHello ? this.#serverHello(now, message) : unexpected(message)
      case 'expect-certificate':
        return message.type === handshakeType.certificate
          ? this.#certificate(state.agreed, message)
          : unexpected(message)
      case 'expect-key-exchange':
        return this.#keyExchange(now, state, message)
      case 'expect-done':
        return this.#requestOrDone(now, state, message)
      case 'expect-finished':
        return message.type === handshakeType.finished ? this.#finished(now, state, message) : unexpected(message)
      case 'await-trust':
      case 'done':
        return unexpected(message)
    }
  }

  answered(now: Instant, answer: CredentialAnswer): DtlsFault | undefined {
    if (this.#state.kind !== 'await-trust') return undefined
    if (answer.kind !== 'trusted') return dtlsFault('certificate-untrusted', 'nobody knows its holder')
    return this.#sendKeys(now, this.#state.next)
  }

  #sendHello(now: Instant, cookie: Bytes): void {
    const terms = this.#terms!
    this.transcript.clear()
    this.beginFlight()
    const body = encodeClientHello({
      version: version.dtls12,
      random: this.#random,
      sessionId: terms.session?.id ?? noBytes,
      cookie,
      suiteNumbers: terms.suites.map((suite) => suite.number),
      extensions: offeredExtensions(terms, this.host.options.groups, this.ownCid ?? noBytes),
    })
    this.queue(handshakeType.clientHello, body)
    this.sendFlight(now, true)
  }

  #cookie(now: Instant, asked: number, message: HandshakeMessage): DtlsFault | undefined {
    const cookie = decodeHelloVerifyRequest(message.body)
    if (cookie === undefined) return dtlsFault('message-malformed', 'HelloVerifyRequest')
    if (asked === cookieLimit) return unexpected(message)
    this.#state = { kind: 'expect-server-hello', cookieAsked: asked + 1 }
    this.#sendHello(now, cookie)
    return undefined
  }

  #serverHello(now: Instant, message: HandshakeMessage): DtlsFault | undefined {
    const server = decodeServerHello(message.body)
    if (isFault(server)) return server
    const terms = this.#terms!
    if (server.version !== version.dtls12) return dtlsFault('version-unsupported', server.version.toString(16))
    const suite = suiteOf(server.suiteNumber)
    if (suite === undefined || !terms.suites.includes(suite)) return dtlsFault('suite-not-offered')
    const fault = checkAnswer(server, terms, this.host.options)
    if (fault !== undefined) return fault
    this.transcript.append(message.whole)
    const { extensions } = server
    const peerCid = terms.cidDialect === undefined ? undefined : extensions.connectionIds.get(terms.cidDialect)
    // a server that does not answer the extension writes without a CID
    if (peerCid === undefined) this.ownCid = undefined
    this.suite = suite
    this.recordLimit = Math.min(
      extensions.recordSizeLimit ?? extensions.maxFragmentLength ?? plaintextLimit,
      plaintextLimit,
    )
    const agreed: Agreed = {
      suite,
      server: { ...server, random: copyOf(server.random), sessionId: copyOf(server.sessionId) },
      peerCid: peerCid === undefined ? noBytes : copyOf(peerCid),
      isExtended: extensions.extendedMasterSecret === true,
    }
    return this.#resumedOrFull(now, agreed, terms.session)
  }

  #resumedOrFull(now: Instant, agreed: Agreed, session: ClientTerms['session']): DtlsFault | undefined {
    const { suite, server } = agreed
    const isResumed =
      session !== undefined && server.sessionId.length > 0 && this.host.crypto.equal(server.sessionId, session.id)
    if (isResumed) {
      if (!agreed.isExtended || suite !== session.suite) return dtlsFault('resumption-mismatch')
      this.resumed = true
      this.principal = session.principal
      this.#secure(now, agreed, session.master)
    } else {
      this.#state =
        suite.keyExchange === 'ecdhe-ecdsa'
          ? { kind: 'expect-certificate', agreed }
          : { kind: 'expect-key-exchange', agreed, shown: undefined }
    }
    return undefined
  }

  #certificate(agreed: Agreed, message: HandshakeMessage): DtlsFault | undefined {
    const isRaw = agreed.server.extensions.serverCertificateType === 'raw-public-key'
    const shown = isRaw
      ? decodeRawPublicKey(message.body)
      : decodeCertificateChain(message.body, this.host.options.certificateChainLimit)
    if (shown === undefined || shown.length === 0) return dtlsFault('certificate-malformed')
    this.transcript.append(message.whole)
    this.#state = { kind: 'expect-key-exchange', agreed, shown }
    return undefined
  }

  #keyExchange(
    now: Instant,
    state: State & { kind: 'expect-key-exchange' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    const { agreed, shown } = state
    const { keyExchange } = agreed.suite
    if (message.type !== handshakeType.serverKeyExchange) {
      // with plain PSK a server without a hint leaves the message out (RFC 4279 §2)
      if (keyExchange !== 'psk') return unexpected(message)
      const next = { kind: 'expect-done', agreed, shown, exchange: undefined, certificateAsked: false } as const
      return this.#requestOrDone(now, next, message)
    }
    const exchange = decodeServerKeyExchange(message.body, keyExchange)
    if (exchange === undefined) return dtlsFault('message-malformed', 'ServerKeyExchange')
    if (exchange.signed !== undefined) {
      const publicKey = this.#publicKeyOf(shown)
      const scheme = schemeOf(exchange.signed.algorithm)
      if (scheme === undefined) return dtlsFault('signature-not-offered')
      const data = concatBytes(this.#random, agreed.server.random, exchange.parameters)
      if (publicKey === undefined || !this.host.crypto.verify(publicKey, scheme, data, exchange.signed.signature)) {
        return dtlsFault('signature-wrong')
      }
    }
    this.transcript.append(message.whole)
    this.#state = { kind: 'expect-done', agreed, shown, exchange, certificateAsked: false }
    return undefined
  }

  #publicKeyOf(shown: Bytes | readonly Bytes[] | undefined): Bytes | undefined {
    if (shown === undefined || shown instanceof Uint8Array) return shown
    return this.host.crypto.certificate(shown[0]!)?.publicKey
  }

  #requestOrDone(
    now: Instant,
    state: State & { kind: 'expect-done' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    if (message.type === handshakeType.certificateRequest && !state.certificateAsked) {
      if (state.agreed.suite.keyExchange !== 'ecdhe-ecdsa') return unexpected(message)
      const request = decodeCertificateRequest(message.body)
      if (request === undefined) return dtlsFault('message-malformed', 'CertificateRequest')
      this.transcript.append(message.whole)
      this.#state = { ...state, certificateAsked: true }
      return undefined
    }
    if (message.type !== handshakeType.serverHelloDone || message.body.length > 0) return unexpected(message)
    this.transcript.append(message.whole)
    if (state.shown === undefined) {
      // nobody was shown: both sides are known by the key they share
      this.principal = { kind: 'psk', identity: this.#terms!.preSharedKey?.identity ?? noBytes }
      return this.#sendKeys(now, state)
    }
    return this.#askForTrust(now, state, state.shown)
  }

  #askForTrust(
    now: Instant,
    state: State & { kind: 'expect-done' },
    shown: Bytes | readonly Bytes[],
  ): DtlsFault | undefined {
    const { path, serverName } = this
    if (shown instanceof Uint8Array) {
      const publicKey = copyOf(shown)
      this.principal = { kind: 'raw-public-key', publicKey }
      this.#state = { kind: 'await-trust', next: state }
      this.awaitCredential(now, { kind: 'raw-public-key', publicKey, path, serverName })
      return undefined
    }
    const certificate = verifyCertificatePath(this.host.crypto, now, shown, this.host.options.authorities, 'server')
    if (isFault(certificate)) return certificate
    this.certificate = certificate
    this.principal = certificatePrincipal(this.host.crypto, certificate)
    this.#state = { kind: 'await-trust', next: state }
    this.awaitCredential(now, { kind: 'certificate', certificate, principal: this.principal, path, serverName })
    return undefined
  }

  #sendKeys(
    now: Instant,
    { agreed, exchange, certificateAsked }: State & { kind: 'expect-done' },
  ): DtlsFault | undefined {
    const terms = this.#terms!
    const { suite } = agreed
    const { crypto } = this.host
    const group = exchange?.group === undefined ? undefined : groupOf(exchange.group)
    if (suite.keyExchange !== 'psk' && (group === undefined || !this.host.options.groups.includes(group))) {
      return dtlsFault('point-invalid', 'a group we did not offer')
    }
    const ephemeral = group === undefined ? undefined : crypto.ephemeralKey(group)
    const shared = ephemeral?.agree(exchange!.point)
    if (ephemeral !== undefined && shared === undefined) return dtlsFault('point-invalid')
    this.beginFlight()
    const showsCertificate = certificateAsked && terms.certificate !== undefined
    if (certificateAsked) this.queue(handshakeType.certificate, this.#ownCertificate(agreed, terms.certificate))
    const identity = terms.preSharedKey?.identity ?? noBytes
    const point = ephemeral?.publicKey ?? noBytes
    this.queue(handshakeType.clientKeyExchange, encodeClientKeyExchange({ identity, point }, suite.keyExchange))
    const sessionHash = this.transcript.hash(crypto, suite.hash)
    if (showsCertificate) {
      const signature = crypto.sign(terms.certificate.key, 'ecdsa-sha256', this.transcript.octets())
      this.queue(handshakeType.certificateVerify, encodeSigned(new Writer(96), 'ecdsa-sha256', signature).done())
    }
    const key = terms.preSharedKey?.key ?? noBytes
    const premaster =
      suite.keyExchange === 'psk'
        ? pskPremaster(key)
        : suite.keyExchange === 'ecdhe-psk'
          ? ecdhePskPremaster(shared!, key)
          : shared!
    const master = agreed.isExtended
      ? extendedMasterSecret(crypto, suite.hash, premaster, sessionHash)
      : masterSecret(crypto, suite.hash, premaster, this.#random, agreed.server.random)
    this.#secure(now, agreed, master)
    this.queueChangeCipherSpec()
    this.queueFinished(suite.hash)
    this.sendFlight(now, true)
    return undefined
  }

  #ownCertificate(agreed: Agreed, own: OwnCertificate | undefined): Bytes {
    if (agreed.server.extensions.clientCertificateType === 'raw-public-key') {
      return encodeRawPublicKey(own?.publicKey ?? noBytes)
    }
    return encodeCertificateChain(own?.chain ?? [])
  }

  #secure(now: Instant, agreed: Agreed, master: Bytes): void {
    const { suite, server, peerCid, isExtended } = agreed
    const { crypto } = this.host
    this.master = crypto.hmacKey(suite.hash, master)
    this.association = this.host.newAssociation(now, this, {
      role: 'client',
      suite,
      keyBlock: keyBlock(crypto, this.master, this.#random, server.random, keyBlockLength(suite)),
      principal: this.principal!,
      ownCid: this.ownCid ?? noBytes,
      peerCid,
      cidDialect: this.#terms!.cidDialect ?? 54,
      extendedMasterSecret: isExtended,
      returnRoutability: server.extensions.returnRoutability === true,
      recordLimit: this.recordLimit,
    })
    this.#state = { kind: 'expect-finished', agreed, master }
  }

  #finished(
    now: Instant,
    { agreed, master }: State & { kind: 'expect-finished' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    const { suite, server } = agreed
    if (!this.verifyFinished(message, suite.hash)) return dtlsFault('finished-wrong')
    this.#state = { kind: 'done' }
    this.beginFlight()
    if (this.resumed) {
      this.queueChangeCipherSpec()
      this.queueFinished(suite.hash)
      this.sendFlight(now, false)
    } else if (agreed.isExtended) {
      const { principal, serverName } = this
      this.session = { id: server.sessionId, master, suite, principal: principal!, serverName }
    }
    this.host.completed(now, this)
    return undefined
  }
}

function unexpected(message: HandshakeMessage): DtlsFault {
  return dtlsFault('message-unexpected', `handshake message ${message.type}`)
}
