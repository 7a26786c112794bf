/**
 * An association at rest: everything needed to go on after a restart, sealed with AES-256-GCM under the
 * store's key. Refuses what was flipped, cut short, or is older than what the store says it should be.
 */
import { textOf, utf8, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { instantOf, type Instant } from '../base/time.ts'
import type { AssociationTerms } from './association.ts'
import { keyBlockLength } from './association-keys.ts'
import type { AeadKey, DtlsCrypto } from './crypto.ts'
import type { Principal } from './principal.ts'
import type { ReceiveWindow } from './replay-window.ts'
import { suiteOf } from './suites.ts'
import type { CidDialect } from './wire/hello-extensions.ts'
import { Reader } from './wire/reader.ts'
import { decodeSequence, encodeSequence } from './wire/record.ts'
import { Writer } from './wire/writer.ts'

const snapshotVersion = 1
const nonceLength = 12
const tagLength = 16

export interface AssociationState {
  readonly terms: AssociationTerms
  /** The writer resumes here: nothing at or above it was ever used. */
  readonly writeSequence: number
  readonly window: ReceiveWindow
  readonly generation: number
  readonly opened: Instant
  readonly heard: Instant
  readonly forgeries: number
}

export type SnapshotFault = 'snapshot-malformed' | 'snapshot-forged' | 'snapshot-version'

export function sealSnapshot(crypto: DtlsCrypto, key: AeadKey, random: Random, state: AssociationState): Bytes {
  const plain = encodeState(state)
  const sealed = new Uint8Array(1 + nonceLength + plain.length + tagLength)
  sealed[0] = snapshotVersion
  const nonce = random.bytes(nonceLength)
  sealed.set(nonce, 1)
  crypto.seal(key, nonce, sealed.subarray(0, 1), plain, 0, plain.length, sealed, 1 + nonceLength)
  return sealed
}

export function openSnapshot(crypto: DtlsCrypto, key: AeadKey, sealed: Bytes): AssociationState | SnapshotFault {
  if (sealed.length < 1 + nonceLength + tagLength) return 'snapshot-malformed'
  if (sealed[0] !== snapshotVersion) return 'snapshot-version'
  const plain = new Uint8Array(sealed.length)
  const nonce = sealed.subarray(1, 1 + nonceLength)
  const end = crypto.open(key, nonce, sealed.subarray(0, 1), sealed, 1 + nonceLength, sealed.length, plain, 0)
  if (end < 0) return 'snapshot-forged'
  return decodeState(new Reader(plain, 0, end)) ?? 'snapshot-malformed'
}

function encodeState(state: AssociationState): Bytes {
  const { terms } = state
  const writer = new Writer(256).uint16(terms.suite.number).uint8(flagsOf(terms)).uint8(terms.cidDialect)
  writer.bytes(terms.keyBlock).vector8(terms.ownCid).vector8(terms.peerCid).uint16(terms.recordLimit)
  writePrincipal(writer, terms.principal)
  writeNumber(writer, state.writeSequence)
  writeNumber(writer, Number(state.window.edge + 1n))
  writeNumber(writer, Number(state.window.bitmap >> 32n))
  writeNumber(writer, Number(state.window.bitmap & 0xffff_ffffn))
  writeNumber(writer, state.generation)
  writeNumber(writer, Math.floor(state.opened))
  writeNumber(writer, Math.floor(state.heard))
  writeNumber(writer, state.forgeries)
  return writer.done()
}

function decodeState(reader: Reader): AssociationState | undefined {
  const suite = suiteOf(reader.uint16())
  const flags = reader.uint8()
  const cidDialect = reader.uint8()
  if (suite === undefined || (cidDialect !== 54 && cidDialect !== 53 && cidDialect !== 254)) return undefined
  const keyBlock = reader.bytes(keyBlockLength(suite)).slice()
  const ownCid = reader.vector8().slice()
  const peerCid = reader.vector8().slice()
  const recordLimit = reader.uint16()
  const principal = readPrincipal(reader)
  const writeSequence = readNumber(reader)
  const edge = BigInt(readNumber(reader)) - 1n
  const bitmap = (BigInt(readNumber(reader)) << 32n) | BigInt(readNumber(reader))
  const generation = readNumber(reader)
  const opened = instantOf(readNumber(reader))
  const heard = instantOf(readNumber(reader))
  const forgeries = readNumber(reader)
  if (!reader.finished || principal === undefined) return undefined
  const terms: AssociationTerms = {
    ...termsOfFlags(flags),
    suite,
    keyBlock,
    principal,
    ownCid,
    peerCid,
    cidDialect: cidDialect satisfies CidDialect,
    recordLimit,
  }
  return { terms, writeSequence, window: { edge, bitmap }, generation, opened, heard, forgeries }
}

function flagsOf(terms: AssociationTerms): number {
  return (terms.role === 'server' ? 1 : 0) | (terms.extendedMasterSecret ? 2 : 0) | (terms.returnRoutability ? 4 : 0)
}

function termsOfFlags(flags: number): Pick<AssociationTerms, 'role' | 'extendedMasterSecret' | 'returnRoutability'> {
  return {
    role: (flags & 1) !== 0 ? 'server' : 'client',
    extendedMasterSecret: (flags & 2) !== 0,
    returnRoutability: (flags & 4) !== 0,
  }
}

function writePrincipal(writer: Writer, principal: Principal): void {
  switch (principal.kind) {
    case 'psk':
      writer.uint8(1).vector8(principal.identity)
      return
    case 'raw-public-key':
      writer.uint8(2).vector8(principal.publicKey)
      return
    case 'certificate':
      writer.uint8(3).bytes(principal.fingerprint).uint8(principal.names.length)
      for (const name of principal.names) writer.vector8(utf8(name))
      return
    case 'anonymous':
      writer.uint8(4)
  }
}

function readPrincipal(reader: Reader): Principal | undefined {
  switch (reader.uint8()) {
    case 1:
      return { kind: 'psk', identity: reader.vector8().slice() }
    case 2:
      return { kind: 'raw-public-key', publicKey: reader.vector8().slice() }
    case 3: {
      const fingerprint = reader.bytes(32).slice()
      const names: string[] = []
      for (let left = reader.uint8(); left > 0; left--) names.push(textOf(reader.vector8()) ?? '')
      return { kind: 'certificate', fingerprint, names }
    }
    case 4:
      return { kind: 'anonymous' }
    default:
      return undefined
  }
}

function writeNumber(writer: Writer, value: number): void {
  const octets = new Uint8Array(6)
  encodeSequence(octets, 0, value)
  writer.bytes(octets)
}

function readNumber(reader: Reader): number {
  const octets = reader.bytes(6)
  return octets.length === 6 ? decodeSequence(octets, 0) : 0
}
