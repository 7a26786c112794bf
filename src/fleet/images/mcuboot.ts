/**
 * The MCUboot image format, read from its two ends: 32 octets of header in front, the TLVs behind (MCUboot
 * docs/design.md, "Image Format"). Pure and total; computes no hash and checks no signature.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { ImageDependency } from './types.ts'

export interface McubootHeader {
  /** Octets. */
  readonly headerSize: number
  readonly imageSize: number
  readonly protectedSize: number
  readonly encrypted: boolean
  readonly version: McubootVersion
}

export interface McubootVersion {
  readonly major: number
  readonly minor: number
  readonly revision: number
  readonly build: number
}

export const hashAlgorithms = ['sha256', 'sha384', 'sha512'] as const
export type HashAlgorithm = (typeof hashAlgorithms)[number]

export type SignatureScheme = 'rsa-2048' | 'ecdsa' | 'rsa-3072' | 'ed25519'

export interface McubootSignature {
  readonly scheme: SignatureScheme
  readonly octets: Bytes
  /** Hash of the public key, or the key itself, as the TLV in front of it says. */
  readonly keyHash?: Bytes
  readonly publicKey?: Bytes
}

export interface McubootTrailer {
  readonly hash?: { readonly algorithm: HashAlgorithm; readonly digest: Bytes }
  readonly signatures: readonly McubootSignature[]
  /** The signature is over the image itself, not over its hash; there is no hash then. */
  readonly isPure: boolean
  readonly securityCounter?: number
  /** Other images of the device that have to be this version or newer. */
  readonly dependencies: readonly ImageDependency[]
}

/** What is wrong with the octets: the member of the format, as its documentation calls it, and a sentence. */
export interface ImageFault {
  readonly field: string
  readonly reason: string
}

export const headSize = 32
const magic = 0x96f3b83d
const magicOfVersion1 = 0x96f3b83c
const encryptedFlags = 0x4 | 0x8
const infoSize = 4
const protectedMagic = 0x6908
const unprotectedMagic = 0x6907
/** Both areas give their length in 16 bits. */
export const longestTrailer = 2 * 0xffff

const tlv = {
  keyHash: 0x01,
  publicKey: 0x02,
  pure: 0x25,
  dependency: 0x40,
  securityCounter: 0x50,
} as const
const hashTlvs: Readonly<Record<number, [HashAlgorithm, number]>> = {
  0x10: ['sha256', 32],
  0x11: ['sha384', 48],
  0x12: ['sha512', 64],
}
const signatureTlvs: Readonly<Record<number, SignatureScheme>> = {
  0x20: 'rsa-2048',
  0x22: 'ecdsa',
  0x23: 'rsa-3072',
  0x24: 'ed25519',
}

/** The first octets of a file of `size` octets; undefined where it is no MCUboot image at all. */
export function readHeader(head: Bytes, size: number): McubootHeader | ImageFault | undefined {
  if (head.length < 4) return undefined
  const view = viewOf(head)
  const found = view.getUint32(0, true)
  if (found === magicOfVersion1) return fault('magic', 'the image is of the obsolete format of MCUboot before 1.0')
  if (found !== magic) return undefined
  if (head.length < headSize) return fault('hdr_size', `the file ends within the header, after ${head.length} octets`)
  const headerSize = view.getUint16(8, true)
  const protectedSize = view.getUint16(10, true)
  const imageSize = view.getUint32(12, true)
  if (headerSize < headSize) return fault('hdr_size', `a header of ${headerSize} octets is shorter than ${headSize}`)
  if (headerSize + imageSize + protectedSize + infoSize > size) {
    const least = headerSize + imageSize + protectedSize + infoSize
    return fault('img_size', `the header announces at least ${least} octets, the file has ${size}: it is truncated`)
  }
  return {
    headerSize,
    imageSize,
    protectedSize,
    encrypted: (view.getUint32(16, true) & encryptedFlags) !== 0,
    version: versionAt(view, 20),
  }
}

/** Where the TLVs begin: everything before, and the protected ones, is hashed and signed. */
export function trailerOffset({ headerSize, imageSize }: McubootHeader): number {
  return headerSize + imageSize
}

/** All octets from `trailerOffset` to the end of the file. */
export function readTrailer(octets: Bytes, { protectedSize }: McubootHeader): McubootTrailer | ImageFault {
  const shielded = protectedSize === 0 ? [] : areaAt(octets, 0, protectedMagic)
  if ('field' in shielded) return shielded
  if (protectedSize > 0 && lengthAt(octets, 0) !== protectedSize) {
    return fault(
      'protect_tlv_size',
      `the header says ${protectedSize}, the protected TLVs ${lengthAt(octets, 0)} octets`,
    )
  }
  const open = areaAt(octets, protectedSize, unprotectedMagic)
  if ('field' in open) return open
  const end = protectedSize + lengthAt(octets, protectedSize)
  if (end !== octets.length) {
    const more = octets.length - end
    return fault(
      'size',
      `${more} octets follow the image: one padded to its slot is no update (imgtool sign without --pad)`,
    )
  }
  return trailerOf(shielded, open)
}

/** `1.2.3`, or `1.2.3+4` where there is a build number. */
export function versionText({ major, minor, revision, build }: McubootVersion): string {
  return `${major}.${minor}.${revision}${build === 0 ? '' : `+${build}`}`
}

interface Tlv {
  readonly type: number
  readonly value: Bytes
}

function areaAt(octets: Bytes, start: number, expected: number): readonly Tlv[] | ImageFault {
  const name = expected === protectedMagic ? 'protected TLVs' : 'TLVs'
  if (start + infoSize > octets.length) return fault('it_magic', `the file ends before the ${name}`)
  const view = viewOf(octets)
  const found = view.getUint16(start, true)
  if (found !== expected) {
    return fault('it_magic', `the ${name} begin with 0x${found.toString(16)}, not 0x${expected.toString(16)}`)
  }
  const end = start + lengthAt(octets, start)
  if (end < start + infoSize || end > octets.length) return fault('it_tlv_tot', `the ${name} reach beyond the file`)
  const tlvs: Tlv[] = []
  for (let at = start + infoSize; at < end;) {
    if (at + 4 > end) return fault('it_tlv_tot', `the ${name} end within one`)
    const valueEnd = at + 4 + view.getUint16(at + 2, true)
    if (valueEnd > end) return fault('it_len', `a TLV of the ${name} reaches beyond them`)
    tlvs.push({ type: view.getUint16(at, true), value: octets.subarray(at + 4, valueEnd) })
    at = valueEnd
  }
  return tlvs
}

function trailerOf(shielded: readonly Tlv[], open: readonly Tlv[]): McubootTrailer | ImageFault {
  const counter = shielded.find(({ type }) => type === tlv.securityCounter)?.value
  if (counter !== undefined && counter.length !== 4) return fault('SEC_CNT', 'the security counter is not of 4 octets')
  const dependencies = shielded.filter(({ type }) => type === tlv.dependency)
  if (dependencies.some(({ value }) => value.length !== 12))
    return fault('DEPENDENCY', 'a dependency is not of 12 octets')
  const hashTlv = open.find(({ type }) => type in hashTlvs)
  const [algorithm, length] = hashTlvs[hashTlv?.type ?? 0] ?? []
  if (hashTlv !== undefined && hashTlv.value.length !== length) return fault('hash', 'the hash is not of its length')
  const isPure = open.some(({ type, value }) => type === tlv.pure && value[0] === 1)
  if (hashTlv === undefined && !isPure) return fault('hash', 'there is no hash in the image')
  return {
    ...(hashTlv !== undefined && algorithm !== undefined && { hash: { algorithm, digest: hashTlv.value } }),
    signatures: signaturesIn(open),
    isPure,
    ...(counter !== undefined && { securityCounter: viewOf(counter).getUint32(0, true) }),
    dependencies: dependencies.map(({ value }) => ({
      image: value[0]!,
      version: versionText(versionAt(viewOf(value), 4)),
    })),
  }
}

/** Each signature stands behind the TLV that says whose it is. */
function signaturesIn(open: readonly Tlv[]): readonly McubootSignature[] {
  const signatures: McubootSignature[] = []
  let whose: Pick<McubootSignature, 'keyHash' | 'publicKey'> = {}
  for (const { type, value } of open) {
    if (type === tlv.keyHash) whose = { keyHash: value }
    else if (type === tlv.publicKey) whose = { publicKey: value }
    const scheme = signatureTlvs[type]
    if (scheme === undefined) continue
    signatures.push({ scheme, octets: value, ...whose })
    whose = {}
  }
  return signatures
}

function versionAt(view: DataView, offset: number): McubootVersion {
  return {
    major: view.getUint8(offset),
    minor: view.getUint8(offset + 1),
    revision: view.getUint16(offset + 2, true),
    build: view.getUint32(offset + 4, true),
  }
}

function lengthAt(octets: Bytes, start: number): number {
  return viewOf(octets).getUint16(start + 2, true)
}

function viewOf(octets: Bytes): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
}

function fault(field: string, reason: string): ImageFault {
  return { field, reason }
}
