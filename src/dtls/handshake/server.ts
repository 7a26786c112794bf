/**
 * The server's side of a handshake (RFC 5246 §7.3), from a ClientHello whose cookie was right:
 *
 *     ClientHello            →
 *                            ←  ServerHello [Certificate] [ServerKeyExchange] [CertificateRequest] ServerHelloDone
 *     [Certificate] ClientKeyExchange [CertificateVerify] CCS Finished  →
 *                            ←  CCS Finished
 *
 * and the short one, where both Finished come a flight earlier and ours first.
 */
import { concatBytes, copyOf, noBytes, type Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { keyBlockLength } from '../association-keys.ts'
import { certificatePrincipal, verifyCertificatePath } from '../certificate-path.ts'
import type { EphemeralKey } from '../crypto.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import { ecdhePskPremaster, extendedMasterSecret, keyBlock, masterSecret, pskPremaster } from '../prf.ts'
import type { HandshakeMessage } from '../reassembly.ts'
import type { Session } from '../sessions.ts'
import type { CredentialAnswer } from '../sink.ts'
import {
  decodeCertificateChain,
  decodeRawPublicKey,
  encodeCertificateChain,
  encodeRawPublicKey,
} from '../wire/certificate-message.ts'
import { encodeCertificateRequest } from '../wire/certificate-request.ts'
import { decodeClientHello, type ClientHello } from '../wire/client-hello.ts'
import { decodeClientKeyExchange } from '../wire/client-key-exchange.ts'
import { schemeOf } from '../wire/extensions/signature-algorithms.ts'
import { handshakeType } from '../wire/handshake-header.ts'
import { Reader } from '../wire/reader.ts'
import { encodeServerHello } from '../wire/server-hello.ts'
import { encodeEcdhParameters } from '../wire/server-key-exchange.ts'
import { decodeSigned, encodeSigned } from '../wire/signed.ts'
import { Writer } from '../wire/writer.ts'
import { Handshake } from './handshake.ts'
import { answeredExtensions, negotiate, type Negotiated } from './server-negotiation.ts'

/** RFC 4279 §5.3 asks for at least 128. */
const identityLimit = 128
/** SubjectPublicKeyInfo of the largest curve is 158 octets. */
const rawPublicKeyLimit = 200
/** The longest there may be (RFC 5246 §7.4.1.2): wolfSSL sees a resumption by ids of this length alone. */
const sessionIdLength = 32
const ownSchemes = ['ecdsa-sha256', 'ecdsa-sha384'] as const

/** What the client showed; its key is proved by CertificateVerify only. */
interface Shown {
  readonly publicKey: Bytes
  /** Undefined for a raw public key. */
  readonly chain: readonly Bytes[] | undefined
}

/** What holds from ServerHello on. */
interface Hello {
  readonly negotiated: Negotiated
  readonly clientRandom: Bytes
  readonly serverRandom: Bytes
  readonly sessionId: Bytes
  readonly ephemeral: EphemeralKey | undefined
}

type State =
  | { readonly kind: 'expect-client-hello' }
  | { readonly kind: 'expect-certificate'; readonly hello: Hello }
  | { readonly kind: 'expect-key-exchange'; readonly hello: Hello; readonly shown: Shown | undefined }
  | {
      readonly kind: 'await-key'
      readonly hello: Hello
      readonly identity: Bytes
      /** The shared secret of ECDHE_PSK. */
      readonly shared: Bytes | undefined
      readonly sessionHash: Bytes
    }
  | { readonly kind: 'expect-certificate-verify'; readonly hello: Hello; readonly shown: Shown }
  | { readonly kind: 'await-trust'; readonly hello: Hello }
  | {
      readonly kind: 'expect-finished'
      readonly hello: Hello
      readonly master: Bytes
      readonly ownFinishedSent: boolean
    }
  | { readonly kind: 'done' }

export class ServerHandshake extends Handshake {
  readonly role = 'server'
  /** Of the hello with the right cookie: the same again is a repetition, another one a new attempt. */
  helloRandom: Bytes = noBytes
  #state: State = { kind: 'expect-client-hello' }
  /** Of a certificate handshake, until trust is decided. */
  #master: Bytes = noBytes

  get isWaiting(): boolean {
    return this.#state.kind === 'await-key' || this.#state.kind === 'await-trust'
  }

  get isDone(): boolean {
    return this.#state.kind === 'done'
  }

  get expectsClientHello(): boolean {
    return this.#state.kind === 'expect-client-hello'
  }

  /** The rest of a hello that came in fragments, or later the client's flight, is due in time. */
  begin(now: Instant, helloRandom: Bytes): void {
    this.helloRandom = copyOf(helloRandom)
    this.awaitPeer(now)
  }

  protected receive(now: Instant, message: HandshakeMessage): DtlsFault | undefined {
    const state = this.#state
    switch (state.kind) {
      case 'expect-client-hello':
        return message.type === handshakeType.clientHello ? this.#clientHello(now, message) : unexpected(message)
      case 'expect-certificate':
        return message.type === handshakeType.certificate ? this.#certificate(state, message) : unexpected(message)
      case 'expect-key-exchange':
        return message.type === handshakeType.clientKeyExchange
          ? this.#keyExchange(now, state, message)
          : unexpected(message)
      case 'expect-certificate-verify':
        return message.type === handshakeType.certificateVerify
          ? this.#certificateVerify(now, state, message)
          : unexpected(message)
      case 'expect-finished':
        return message.type === handshakeType.finished ? this.#finished(now, state, message) : unexpected(message)
      case 'await-key':
      case 'await-trust':
      case 'done':
        return unexpected(message)
    }
  }

  answered(now: Instant, answer: CredentialAnswer): DtlsFault | undefined {
    const state = this.#state
    if (state.kind === 'await-key') {
      // the decoy is made for everyone, so that an unknown identity takes no other time than a wrong key
      const decoy = this.host.decoyKey(state.identity)
      const key = answer.kind === 'key' && answer.key.length > 0 ? answer.key : decoy
      const premaster = state.shared === undefined ? pskPremaster(key) : ecdhePskPremaster(state.shared, key)
      this.#secure(now, state.hello, this.#masterOf(state.hello, premaster, state.sessionHash))
    } else if (state.kind === 'await-trust') {
      if (answer.kind !== 'trusted') return dtlsFault('certificate-untrusted', 'nobody knows its holder')
      this.#secure(now, state.hello, this.#master)
    }
    this.awaitPeer(now)
    return undefined
  }

  #clientHello(now: Instant, message: HandshakeMessage): DtlsFault | undefined {
    const clientHello = decodeClientHello(message.body)
    if (isFault(clientHello)) return clientHello
    const negotiated = negotiate(clientHello, this.host.options)
    if (isFault(negotiated)) return negotiated
    this.transcript.append(message.whole)
    const session = this.#resumable(now, clientHello, negotiated)
    if (isFault(session)) return session
    this.suite = negotiated.suite
    this.serverName = negotiated.serverName
    this.recordLimit = negotiated.recordLimit
    this.ownCid = negotiated.peerCid === undefined ? noBytes : this.host.reserveCid(this)
    const hello: Hello = {
      negotiated,
      clientRandom: copyOf(clientHello.random),
      serverRandom: this.host.random.bytes(32),
      sessionId: session?.id ?? this.#newSessionId(negotiated),
      ephemeral:
        session === undefined && negotiated.suite.keyExchange !== 'psk'
          ? this.host.crypto.ephemeralKey(negotiated.group!)
          : undefined,
    }
    this.beginFlight()
    this.#queueServerHello(hello, session !== undefined)
    if (session !== undefined) this.#resume(now, hello, session)
    else this.#queueFullFlight(hello)
    this.sendFlight(now, true)
    return undefined
  }

  /** RFC 6066 §3 and our own rule: same suite, same name, or it is a full handshake. */
  #resumable(now: Instant, hello: ClientHello, negotiated: Negotiated): Session | undefined | DtlsFault {
    const session = this.host.sessions.find(now, hello.sessionId)
    if (session === undefined) return undefined
    // RFC 7627 §5.3: it had one when the session was made, so somebody took it out
    if (!negotiated.extendedMasterSecret) return dtlsFault('resumption-mismatch', 'no extended master secret')
    if (!hello.suiteNumbers.includes(session.suite.number) || session.suite !== negotiated.suite) return undefined
    return session.serverName === negotiated.serverName ? session : undefined
  }

  #newSessionId(negotiated: Negotiated): Bytes {
    const mayBeResumed = this.host.sessions.isOn && negotiated.extendedMasterSecret
    return mayBeResumed ? this.host.random.bytes(sessionIdLength) : noBytes
  }

  #queueServerHello({ negotiated, serverRandom, sessionId }: Hello, isResumed: boolean): void {
    const extensions = answeredExtensions(negotiated, this.host.options, this.ownCid ?? noBytes, isResumed)
    this.queue(
      handshakeType.serverHello,
      encodeServerHello(serverRandom, sessionId, negotiated.suite.number, extensions),
    )
  }

  #queueFullFlight(hello: Hello): void {
    const { negotiated } = hello
    if (negotiated.suite.keyExchange === 'ecdhe-ecdsa') {
      const own = this.host.options.certificate!
      const body =
        negotiated.serverCertificateType === 'x509'
          ? encodeCertificateChain(own.chain)
          : encodeRawPublicKey(own.publicKey)
      this.queue(handshakeType.certificate, body)
    }
    if (hello.ephemeral !== undefined) {
      this.queue(handshakeType.serverKeyExchange, this.#serverKeyExchange(hello, hello.ephemeral))
    }
    if (negotiated.requestsCertificate) {
      const underRsa = this.host.options.authorities.some((authority) => authority.hasRsaKey)
      this.queue(handshakeType.certificateRequest, encodeCertificateRequest(ownSchemes, underRsa))
    }
    this.queue(handshakeType.serverHelloDone, noBytes)
    this.#state = negotiated.requestsCertificate
      ? { kind: 'expect-certificate', hello }
      : { kind: 'expect-key-exchange', hello, shown: undefined }
  }

  #serverKeyExchange(hello: Hello, ephemeral: EphemeralKey): Bytes {
    const { negotiated, clientRandom, serverRandom } = hello
    const parameters = encodeEcdhParameters(negotiated.group!, ephemeral.publicKey)
    const writer = new Writer(192)
    if (negotiated.suite.keyExchange === 'ecdhe-psk') return writer.vector16(noBytes).bytes(parameters).done()
    const scheme = negotiated.scheme!
    const { key } = this.host.options.certificate!
    const signature = this.host.crypto.sign(key, scheme, concatBytes(clientRandom, serverRandom, parameters))
    return encodeSigned(writer.bytes(parameters), scheme, signature).done()
  }

  #resume(now: Instant, hello: Hello, session: Session): void {
    this.resumed = true
    this.sessionId = session.id
    this.principal = session.principal
    this.holder = session.holder
    this.#secure(now, hello, session.master, true)
    this.queueChangeCipherSpec()
    this.queueFinished(hello.negotiated.suite.hash)
  }

  #certificate(state: State & { kind: 'expect-certificate' }, message: HandshakeMessage): DtlsFault | undefined {
    const shown = this.#decodeCertificate(state.hello, message.body)
    if (isFault(shown)) return shown
    if (shown === undefined && this.host.options.clientAuthentication === 'needed') {
      return dtlsFault('certificate-missing')
    }
    this.transcript.append(message.whole)
    this.#state = { kind: 'expect-key-exchange', hello: state.hello, shown }
    return undefined
  }

  #decodeCertificate({ negotiated }: Hello, body: Bytes): Shown | undefined | DtlsFault {
    if (negotiated.clientCertificateType === 'raw-public-key') {
      const publicKey = decodeRawPublicKey(body)
      if (publicKey === undefined) return dtlsFault('certificate-malformed')
      if (publicKey.length > rawPublicKeyLimit) return dtlsFault('certificate-unsupported')
      return publicKey.length === 0 ? undefined : { publicKey, chain: undefined }
    }
    const chain = decodeCertificateChain(body, this.host.options.certificateChainLimit)
    if (chain === undefined) return dtlsFault('certificate-malformed')
    if (chain.length === 0) return undefined
    const own = this.host.crypto.certificate(chain[0]!)
    if (own === undefined) return dtlsFault('certificate-malformed')
    return { publicKey: own.publicKey, chain: chain.map(copyOf) }
  }

  #keyExchange(
    now: Instant,
    state: State & { kind: 'expect-key-exchange' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    const { hello, shown } = state
    const { suite } = hello.negotiated
    const exchange = decodeClientKeyExchange(message.body, suite.keyExchange)
    if (exchange === undefined) return dtlsFault('message-malformed', 'ClientKeyExchange')
    if (exchange.identity.length > identityLimit) return dtlsFault('identity-length', `${exchange.identity.length}`)
    const shared = hello.ephemeral?.agree(exchange.point)
    if (hello.ephemeral !== undefined && shared === undefined) return dtlsFault('point-invalid')
    this.transcript.append(message.whole)
    const sessionHash = this.transcript.hash(this.host.crypto, suite.hash)
    if (suite.keyExchange !== 'ecdhe-ecdsa') {
      const identity = copyOf(exchange.identity)
      this.principal = { kind: 'psk', identity }
      this.#state = { kind: 'await-key', hello, identity, shared, sessionHash }
      this.awaitCredential(now, { kind: 'psk', identity, path: this.path, serverName: this.serverName })
      return undefined
    }
    const master = this.#masterOf(hello, shared!, sessionHash)
    if (shown === undefined) {
      this.principal = { kind: 'anonymous' }
      this.#secure(now, hello, master)
      return undefined
    }
    this.#master = master
    this.#state = { kind: 'expect-certificate-verify', hello, shown }
    return undefined
  }

  #certificateVerify(
    now: Instant,
    { hello, shown }: State & { kind: 'expect-certificate-verify' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    const signed = decodeSigned(new Reader(message.body))
    if (signed === undefined) return dtlsFault('message-malformed', 'CertificateVerify')
    const scheme = schemeOf(signed.algorithm)
    if (scheme === undefined) return dtlsFault('signature-not-offered', signed.algorithm.toString(16))
    if (!this.host.crypto.verify(shown.publicKey, scheme, this.transcript.octets(), signed.signature)) {
      return dtlsFault('signature-wrong')
    }
    this.transcript.append(message.whole)
    const { path, serverName } = this
    if (shown.chain === undefined) {
      const publicKey = copyOf(shown.publicKey)
      this.principal = { kind: 'raw-public-key', publicKey }
      this.#state = { kind: 'await-trust', hello }
      this.awaitCredential(now, { kind: 'raw-public-key', publicKey, path, serverName })
      return undefined
    }
    const certificate = verifyCertificatePath(
      this.host.crypto,
      now,
      shown.chain,
      this.host.options.authorities,
      'client',
    )
    if (isFault(certificate)) return certificate
    this.certificate = certificate
    this.principal = certificatePrincipal(this.host.crypto, certificate)
    this.#state = { kind: 'await-trust', hello }
    this.awaitCredential(now, { kind: 'certificate', certificate, principal: this.principal, path, serverName })
    return undefined
  }

  #masterOf({ negotiated, clientRandom, serverRandom }: Hello, premaster: Bytes, sessionHash: Bytes): Bytes {
    const { crypto } = this.host
    const { hash } = negotiated.suite
    return negotiated.extendedMasterSecret
      ? extendedMasterSecret(crypto, hash, premaster, sessionHash)
      : masterSecret(crypto, hash, premaster, clientRandom, serverRandom)
  }

  /** From here on records under the new keys can be opened. */
  #secure(now: Instant, hello: Hello, master: Bytes, ownFinishedSent = false): void {
    const { negotiated, clientRandom, serverRandom } = hello
    const { suite, peerCid } = negotiated
    this.master = this.host.crypto.hmacKey(suite.hash, master)
    this.association = this.host.newAssociation(now, this, {
      role: 'server',
      suite,
      keyBlock: keyBlock(this.host.crypto, this.master, clientRandom, serverRandom, keyBlockLength(suite)),
      principal: this.principal!,
      ownCid: this.ownCid ?? noBytes,
      peerCid: peerCid === undefined ? noBytes : copyOf(peerCid.cid),
      cidDialect: peerCid?.dialect ?? 54,
      extendedMasterSecret: negotiated.extendedMasterSecret,
      returnRoutability: negotiated.returnRoutability && peerCid !== undefined,
      recordLimit: negotiated.recordLimit,
    })
    this.#state = { kind: 'expect-finished', hello, master, ownFinishedSent }
  }

  #finished(
    now: Instant,
    { hello, master, ownFinishedSent }: State & { kind: 'expect-finished' },
    message: HandshakeMessage,
  ): DtlsFault | undefined {
    const { suite, extendedMasterSecret: isExtended, serverName } = hello.negotiated
    if (!this.verifyFinished(message, suite.hash)) return dtlsFault('finished-wrong')
    this.#state = { kind: 'done' }
    this.beginFlight()
    if (!ownFinishedSent) {
      this.queueChangeCipherSpec()
      this.queueFinished(suite.hash)
      this.sendFlight(now, false)
      if (isExtended && hello.sessionId.length > 0) {
        const { principal, holder } = this
        this.sessionId = hello.sessionId
        this.host.sessions.add(now, { id: hello.sessionId, master, suite, principal: principal!, holder, serverName })
      }
    }
    this.host.completed(now, this)
    return undefined
  }
}

function unexpected(message: HandshakeMessage): DtlsFault {
  return dtlsFault('message-unexpected', `handshake message ${message.type}`)
}
