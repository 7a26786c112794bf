/**
 * Sealing and opening records: additional data and nonces of each suite and CID dialect, on scratch memory
 * that is used again for the next record. Decides nothing about who the peer is.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Association } from './association.ts'
import type { AeadKeys, CbcKeys } from './association-keys.ts'
import { cbcMacLength, openCbc, sealCbc } from './cbc.ts'
import type { DtlsCrypto } from './crypto.ts'
import { dtlsFault, type DtlsFault } from './faults.ts'
import {
  ciphertextLimit,
  contentType,
  encodeRecordHeader,
  encodeSequence,
  plaintextLimit,
  recordHeaderLength,
  version,
  type RecordHeader,
} from './wire/record.ts'

const protectedEpoch = 1
const forged = dtlsFault('record-forged')
const innerMalformed = dtlsFault('record-inner-malformed')

export class RecordLayer {
  readonly #crypto: DtlsCrypto
  readonly #random: Random
  readonly #nonce = new Uint8Array(12)
  // one buffer for each length additional data can have: AEAD calls want it exact
  readonly #additional: Uint8Array[] = []
  #inner = new Uint8Array(1536)
  /** What the last `open` found: octets `0` to `plaintextEnd` of `plaintext`, valid until the next call. */
  plaintext: Uint8Array = new Uint8Array(1536)
  plaintextEnd = 0
  type = 0

  constructor(crypto: DtlsCrypto, random: Random) {
    this.#crypto = crypto
    this.#random = random
  }

  /** Octets a record with `length` octets of plaintext takes. */
  sealedLength(association: Association, length: number): number {
    const { suite, peerCid } = association.terms
    const inner = peerCid.length === 0 ? length : length + 1
    const header = recordHeaderLength + peerCid.length
    if (suite.kind === 'aead') return header + suite.explicitNonceLength + inner + suite.tagLength
    return header + 16 + (Math.floor((inner + cbcMacLength) / 16) + 1) * 16
  }

  /** Writes the next record of `association` to `out` at `at`; returns its end. The caller asked `mayWrite` first. */
  seal(
    association: Association,
    type: number,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number {
    const { peerCid } = association.terms
    const sequence = association.writeSequence++
    const total = this.sealedLength(association, end - start)
    let content = buffer
    let from = start
    let to = end
    if (peerCid.length > 0) {
      // RFC 9146 §4: the real type goes behind the content, inside
      this.#reserveInner(end - start + 1)
      this.#inner.set(buffer.subarray(start, end))
      this.#inner[end - start] = type
      content = this.#inner
      from = 0
      to = end - start + 1
    }
    const outerType = peerCid.length > 0 ? contentType.connectionId : type
    const fragment = encodeRecordHeader(
      out,
      at,
      outerType,
      protectedEpoch,
      sequence,
      peerCid,
      total - recordHeaderLength - peerCid.length,
    )
    const additional = this.#additionalFor(association, peerCid, outerType, sequence, to - from)
    const keys = association.write
    if (keys.kind === 'cbc') {
      const sealed = sealCbc(this.#crypto, this.#random, keys, additional, content.subarray(from, to))
      out.set(sealed, fragment)
      return fragment + sealed.length
    }
    return this.#sealAead(keys, additional, sequence, content, from, to, out, fragment)
  }

  /**
   * Opens a record addressed to `association`. A fault says why not; without one the plaintext is in
   * `plaintext` and its true type in `type`. The replay window is the caller's: asked before, moved after.
   */
  open(association: Association, buffer: Bytes, header: RecordHeader): DtlsFault | undefined {
    const keys = association.read
    const ownCid = association.terms.ownCid
    const end =
      keys.kind === 'aead'
        ? this.#openAead(association, keys, buffer, header)
        : this.#openCbc(association, keys, buffer, header)
    if (end < 0) return forged
    this.plaintextEnd = end
    this.type = header.type
    if (ownCid.length > 0 && !this.#unwrapInner()) return innerMalformed
    return this.plaintextEnd > plaintextLimit ? innerMalformed : undefined
  }

  #sealAead(
    keys: AeadKeys,
    additional: Bytes,
    sequence: number,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number {
    const nonce = this.#nonce
    let sealedAt = at
    if (keys.suite.explicitNonceLength === 8) {
      // RFC 6655 §3: epoch and sequence number make the explicit part, so it never comes twice
      nonce.set(keys.iv)
      writeEpochAndSequence(nonce, 4, sequence)
      writeEpochAndSequence(out, at, sequence)
      sealedAt += 8
    } else {
      this.#maskedNonce(keys.iv, sequence)
    }
    return this.#crypto.seal(keys.key, nonce, additional, buffer, start, end, out, sealedAt)
  }

  #openAead(association: Association, keys: AeadKeys, buffer: Bytes, header: RecordHeader): number {
    const { explicitNonceLength, tagLength } = keys.suite
    const start = header.start + explicitNonceLength
    const length = header.end - start - tagLength
    if (length < 0) return -1
    if (explicitNonceLength === 8) {
      this.#nonce.set(keys.iv)
      for (let i = 0; i < 8; i++) this.#nonce[4 + i] = buffer[header.start + i]!
    } else {
      this.#maskedNonce(keys.iv, header.sequence)
    }
    this.#reservePlaintext(length)
    const additional = this.#additionalFor(association, association.terms.ownCid, header.type, header.sequence, length)
    return this.#crypto.open(keys.key, this.#nonce, additional, buffer, start, header.end, this.plaintext, 0)
  }

  #openCbc(association: Association, keys: CbcKeys, buffer: Bytes, header: RecordHeader): number {
    const additionalFor = (length: number): Bytes =>
      this.#additionalFor(association, association.terms.ownCid, header.type, header.sequence, length)
    const content = openCbc(this.#crypto, keys, additionalFor, buffer.subarray(header.start, header.end))
    if (content === undefined) return -1
    this.#reservePlaintext(content.length)
    this.plaintext.set(content)
    return content.length
  }

  /** RFC 7905 §2: the 64 bits of epoch and sequence number over the right end of the IV. */
  #maskedNonce(iv: Bytes, sequence: number): void {
    const nonce = this.#nonce
    nonce.fill(0, 0, 4)
    writeEpochAndSequence(nonce, 4, sequence)
    for (let i = 0; i < 12; i++) nonce[i]! ^= iv[i]!
  }

  /** RFC 9146 §5: padding off the end, the last octet that is not zero is the type. */
  #unwrapInner(): boolean {
    let last = this.plaintextEnd - 1
    while (last >= 0 && this.plaintext[last] === 0) last--
    if (last < 0) return false
    this.type = this.plaintext[last]!
    this.plaintextEnd = last
    return this.type !== contentType.connectionId
  }

  #additionalFor(association: Association, cid: Bytes, type: number, sequence: number, length: number): Bytes {
    if (cid.length === 0) return this.#plainAdditional(type, sequence, length)
    return association.terms.cidDialect === 54
      ? this.#cidAdditional(cid, sequence, length)
      : this.#draftCidAdditional(cid, sequence, length)
  }

  /** RFC 5246 §6.2.3.3 with RFC 6347 §4.1.2.1. */
  #plainAdditional(type: number, sequence: number, length: number): Bytes {
    const data = this.#additionalOfLength(13)
    writeEpochAndSequence(data, 0, sequence)
    data[8] = type
    writeVersion(data, 9)
    writeUint16(data, 11, length)
    return data
  }

  /** RFC 9146 §5.3; §5.1 has the same prefix for the MAC of a CBC suite. */
  #cidAdditional(cid: Bytes, sequence: number, length: number): Bytes {
    const data = this.#additionalOfLength(23 + cid.length)
    data.fill(0xff, 0, 8)
    data[8] = contentType.connectionId
    data[9] = cid.length
    data[10] = contentType.connectionId
    writeVersion(data, 11)
    writeEpochAndSequence(data, 13, sequence)
    data.set(cid, 21)
    writeUint16(data, 21 + cid.length, length)
    return data
  }

  /** draft-ietf-tls-dtls-connection-id-05 §5.3, what goes with extension numbers 53 and 254. */
  #draftCidAdditional(cid: Bytes, sequence: number, length: number): Bytes {
    const data = this.#additionalOfLength(14 + cid.length)
    writeEpochAndSequence(data, 0, sequence)
    data[8] = contentType.connectionId
    writeVersion(data, 9)
    data.set(cid, 11)
    data[11 + cid.length] = cid.length
    writeUint16(data, 12 + cid.length, length)
    return data
  }

  #additionalOfLength(length: number): Uint8Array {
    return (this.#additional[length] ??= new Uint8Array(length))
  }

  #reservePlaintext(length: number): void {
    if (length > this.plaintext.length) this.plaintext = new Uint8Array(ciphertextLimit)
  }

  #reserveInner(length: number): void {
    if (length > this.#inner.length) this.#inner = new Uint8Array(ciphertextLimit)
  }
}

function writeEpochAndSequence(out: Bytes, at: number, sequence: number): void {
  out[at] = 0
  out[at + 1] = protectedEpoch
  encodeSequence(out, at + 2, sequence)
}

function writeVersion(out: Bytes, at: number): void {
  out[at] = version.dtls12 >>> 8
  out[at + 1] = version.dtls12 & 0xff
}

function writeUint16(out: Bytes, at: number, value: number): void {
  out[at] = value >>> 8
  out[at + 1] = value & 0xff
}
