/** Firmware images: what is known of a file that devices can be told to install. Its octets are elsewhere. */
import type { Instant } from '../../base/time.ts'

/** What the octets are: an MCUboot image is looked into, anything else is taken as it is. */
export const imageFormats = ['mcuboot', 'opaque'] as const
export type ImageFormat = (typeof imageFormats)[number]

/**
 * What is known of the signature: verified with a key the operator registered · unsigned · unchecked: signed,
 * and there was no key to check it with.
 */
export const signatureStates = ['verified', 'unsigned', 'unchecked'] as const
export type SignatureState = (typeof signatureStates)[number]

/** What an operator says of an image, and may be asked to repeat. */
export interface ImageAbout {
  readonly product: string
  /** What the device reports once it runs (/3/0/3 or /5/0/7), to the letter. */
  readonly version: string
  /** Release notes. */
  readonly notes?: string
  /** Versions it may be installed over: a range such as `>=1.2.0 <2.0.0`, or versions parted by ` || `; absent: any. */
  readonly fromVersions?: string
  /** Hardware versions (/3/0/18) it runs on; absent: any. */
  readonly hardware?: readonly string[]
  /**
   * What a boot loader compares to refuse an older image; never falls from one version of a product to a higher
   * one. Of an MCUboot image it is the one in the image (TLV 0x50).
   */
  readonly securityCounter?: number
}

/** What an operator says of an upload; an MCUboot image tells its version itself. */
export type ImageDraft = Omit<ImageAbout, 'version'> & { readonly version?: string }

export interface Image extends ImageAbout {
  /** SHA-256 of the file, lower-case hex: its name in the store, so equal files are one. */
  readonly sha256: string
  /** What devices fetch: `/fw/<key>`, the first 12 hex digits; unique. */
  readonly key: string
  /** Octets. */
  readonly size: number
  readonly addedAt: Instant
  readonly format: ImageFormat
  /** Of an MCUboot image. */
  readonly signature?: ImageSignature
  /** Other images of the device that have to be this version or newer, as an MCUboot image says. */
  readonly dependencies?: readonly ImageDependency[]
}

export interface ImageSignature {
  readonly state: SignatureState
  /** Name of the registered key that verified it. */
  readonly key?: string
}

export interface ImageDependency {
  /** Number of the image slot pair. */
  readonly image: number
  readonly version: string
}

/** Schemes a device may fetch over, as its package URI names them. */
export const pullWays = ['coap', 'coaps', 'http', 'https'] as const
export type PullWay = (typeof pullWays)[number]

/** `Image.key` of a hash: short, because it travels in every block's request. */
export function imageKeyOf(sha256: string): string {
  return sha256.slice(0, 12)
}

/** What a device fetches: a whole image, or what makes one out of another. */
export interface Artifact {
  /** Of the file to be fetched. */
  readonly sha256: string
  /** `/fw/<key>`. */
  readonly key: string
  /** Octets to be fetched. */
  readonly size: number
  readonly kind: 'full' | 'delta'
}

/** A file that makes the image `to` out of the image `from`, and of no other. */
export interface Delta {
  /** Hashes of the two images. */
  readonly from: string
  readonly to: string
  /** Of the delta itself. */
  readonly sha256: string
  readonly key: string
  readonly size: number
  /** `uploaded`, or the command that made it. */
  readonly madeBy: string
  readonly addedAt: Instant
}

/** What is known of a device that an image is meant for; what is absent is not known and stands in nothing's way. */
export interface ImageTarget {
  readonly product?: string
  /** What it runs: /3/0/3 or /5/0/7. */
  readonly version?: string
  /** /3/0/18. */
  readonly hardware?: string
  /** Of the image it runs. */
  readonly securityCounter?: number
}

/** Why an image does not fit: the member of the image that is in the way (the version: there is none), and a sentence. */
export interface Misfit {
  readonly field: 'version' | 'product' | 'fromVersions' | 'hardware' | 'securityCounter'
  readonly reason: string
}

/** One installation on a device's way: a whole image, or the delta that makes it out of what runs before. */
export interface Leg extends Pick<Image, 'sha256' | 'product' | 'version' | 'hardware'> {
  /** Octets of the whole image. */
  readonly size: number
  readonly delta?: Pick<Delta, 'sha256' | 'size'>
}

/** SHA-256 and octets of what the device is handed for a leg. */
export function packageOf({ sha256, size, delta }: Leg): Pick<Delta, 'sha256' | 'size'> {
  return delta ?? { sha256, size }
}

/** From what a device runs to an image, one installation after the other; or why the image does not go over it. */
export type Way = { readonly legs: readonly [Leg, ...Leg[]] } | { readonly misfit: Misfit }
