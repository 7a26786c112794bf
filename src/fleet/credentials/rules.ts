/** What a credential may be, and its identity as text: pure functions. Stores nothing, seals nothing. */
import { bytesOfBase64 } from '../../base/base64.ts'
import { bytesOfHex, hexOf, printableOf, utf8, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import { ruleProblem } from './certificate-names.ts'
import { keyProblem } from './key-rules.ts'
import type { Credential, CredentialKind, CredentialPurpose, ProvenIdentity } from './types.ts'

/** PSK identities, octets; RFC 4279 §5.3 wants 128 of every server. */
const longestIdentity = 128
const longestPattern = 255
/** A key on P-521 takes 158. */
const longestPublicKey = 512
const fingerprintOctets = 32

/** The octets `text` stands for; throws UsageError 'credential.identity' (422). */
export function identityOf(kind: CredentialKind, text: string): Bytes {
  switch (kind) {
    case 'psk':
      return pskIdentity(text)
    case 'raw-public-key':
      return publicKeyOf(text)
    case 'certificate':
      return fingerprintOf(text)
    case 'certificate-name': {
      const pattern = utf8(text)
      if (pattern.length > longestPattern) throw badIdentity(`a pattern has at most ${longestPattern} octets`)
      return pattern
    }
  }
}

/** For people and logs: what `printableOf` says of a PSK identity or a pattern, hex of the rest. */
export function identityText(kind: CredentialKind, identity: Bytes): string {
  if (kind === 'raw-public-key' || kind === 'certificate') return hexOf(identity)
  return printableOf(identity)
}

/** Any octets, compared as they are: no normalisation, so no two identities are one (RFC 4279 §5.1). */
function pskIdentity(text: string): Bytes {
  const identity = text.startsWith('0x') ? bytesOfHex(text.slice(2)) : utf8(text)
  if (identity === undefined) throw badIdentity(`'${text}' is not 0x and an even number of hex digits`)
  if (identity.length < 1 || identity.length > longestIdentity || !text.isWellFormed()) {
    throw badIdentity(`an identity has 1 to ${longestIdentity} octets, this one has ${identity.length}`)
  }
  return identity
}

/** SubjectPublicKeyInfo in hex or PEM (RFC 7468 §13). */
function publicKeyOf(text: string): Bytes {
  const pem = /-----BEGIN PUBLIC KEY-----([\sA-Za-z0-9+/=]+)-----END PUBLIC KEY-----/.exec(text)
  const der = pem === null ? bytesOfHex(text.replace(/^0x/, '')) : bytesOfBase64(pem[1]!.replaceAll(/\s/g, ''))
  // An outer SEQUENCE as long as the rest, with a SEQUENCE in it: enough to tell a key from a slip of the hand.
  const head = der !== undefined && der[1] === 0x81 ? 3 : 2
  const isSequence = der?.[0] === 0x30 && der[head] === 0x30 && der[head - 1] === der.length - head
  if (der === undefined || !isSequence || der.length > longestPublicKey) {
    throw badIdentity('a raw public key is a SubjectPublicKeyInfo in hex or PEM')
  }
  return der
}

function fingerprintOf(text: string): Bytes {
  const fingerprint = bytesOfHex(text.replace(/^(?:0x|sha256:)/i, '').replaceAll(':', ''))
  if (fingerprint?.length !== fingerprintOctets) {
    throw badIdentity('a certificate is named by its SHA-256: 64 hex digits, colons allowed')
  }
  return fingerprint
}

/** The octets of a pre-shared key in hex; throws UsageError 'credential.key' (422) where it is none or a weak one. */
export function keyOf(hex: string, endpoint: string, identity: Bytes): Bytes {
  const key = bytesOfHex(hex.replace(/^0x/, '').replaceAll(/[\s:]/g, ''))
  const problem = key === undefined ? 'a key is an even number of hex digits' : keyProblem(key, endpoint, identity)
  if (key === undefined || problem !== undefined) throw new UsageError('credential.key', problem!, { status: 422 })
  return key
}

/** Throws UsageError 'credential.rule' (422) where a certificate-name makes no sense. */
export function validateNameRule(pattern: string, template: string): void {
  const problem = ruleProblem({ pattern, template })
  if (problem !== undefined) throw new UsageError('credential.rule', problem, { status: 422 })
}

/** Whether a handshake with it may complete now. */
export function isAccepted({ state, acceptedUntil }: Credential, now: Instant): boolean {
  return state === 'active' || (state === 'retiring' && (acceptedUntil === undefined || now < acceptedUntil))
}

export function purposeOf({ purpose }: Pick<Credential, 'purpose'>): CredentialPurpose {
  return purpose ?? 'management'
}

/** A purpose as a credential carries it. */
export function purposePart(purpose: CredentialPurpose | undefined): Pick<Credential, 'purpose'> {
  return purpose === 'bootstrap' ? { purpose } : {}
}

/** What a key is sealed for: a blob moved to another row does not open. */
export function sealContext({
  endpoint,
  identity,
  purpose,
}: Pick<Credential, 'endpoint' | 'identity' | 'purpose'>): Bytes {
  return utf8(`${endpoint}\0${hexOf(identity)}${purpose === undefined ? '' : `\0${purpose}`}`)
}

/** Whoever proves to be this; undefined for a certificate-name, which many are. */
export function provenBy({ kind, identity }: Credential): ProvenIdentity | undefined {
  switch (kind) {
    case 'psk':
      return { kind, identity }
    case 'raw-public-key':
      return { kind, publicKey: identity }
    case 'certificate':
      return { kind, fingerprint: identity, names: [] }
    case 'certificate-name':
      return undefined
  }
}

/** A new identity for a rotated key: the old one with the next number behind `#`. */
export function nextIdentity(identity: Bytes): Bytes {
  const tail = /#(\d{1,6})$/.exec(latin1(identity))
  const base = tail === null ? identity : identity.subarray(0, identity.length - tail[0].length)
  const next = utf8(`#${tail === null ? 2 : Number(tail[1]) + 1}`)
  if (base.length + next.length > longestIdentity) {
    throw badIdentity('the identity has no room for a number: name a new one')
  }
  const whole = new Uint8Array(base.length + next.length)
  whole.set(base)
  whole.set(next, base.length)
  return whole
}

function latin1(bytes: Bytes): string {
  let text = ''
  for (const octet of bytes) text += String.fromCharCode(octet)
  return text
}

function badIdentity(message: string): UsageError {
  return new UsageError('credential.identity', message, { status: 422 })
}
