/**
 * Whether an upload becomes an image: what the operator says of it against what is in its octets, the keys that
 * are registered, and the images there are. Pure.
 */
import { UsageError } from '../../base/errors.ts'
import { compareVersions } from './rules.ts'
import type { Inspection } from './store.ts'
import type { Image, ImageAbout, ImageDraft, ImageSignature } from './types.ts'

export type ImageFindings = ImageAbout & Pick<Image, 'format' | 'signature' | 'dependencies'>

/** What imgtool signs where nobody cares: no version at all. */
const noVersion = '0.0.0'

/**
 * `wantsSignature`: a key is registered that the image may be signed with; `others`: images of the same product.
 * Throws UsageError (422, with the member `field`): 'image.damaged', 'image.version', 'image.signature' or
 * 'image.security-counter'.
 */
export function findingsOf(
  draft: ImageDraft,
  inspection: Inspection,
  wantsSignature: boolean,
  others: readonly Image[],
): ImageFindings {
  if (inspection.format === 'damaged') throw refused('image.damaged', inspection.field, inspection.reason)
  const findings = inspection.format === 'opaque' ? opaque(draft) : mcuboot(draft, inspection, wantsSignature)
  holdAgainst(findings, others)
  return findings
}

function opaque(draft: ImageDraft): ImageFindings {
  const { version } = draft
  if (version !== undefined) return { ...draft, version, format: 'opaque' }
  throw refused('image.version', 'version', 'this is no MCUboot image, which would tell its version: give it one')
}

function mcuboot(
  draft: ImageDraft,
  found: Extract<Inspection, { format: 'mcuboot' }>,
  wantsSignature: boolean,
): ImageFindings {
  const version = draft.version ?? found.version
  if (found.version === noVersion && draft.version === undefined) {
    throw refused('image.version', 'version', 'the image is signed as version 0.0.0: say which it is')
  }
  if (found.version !== noVersion && isOther(version, found.version)) {
    throw refused('image.version', 'version', `the image is version ${found.version}, not ${version}`)
  }
  const { securityCounter } = found
  if (draft.securityCounter !== undefined && (securityCounter ?? 0) < draft.securityCounter) {
    const has = securityCounter === undefined ? 'no security counter' : `security counter ${securityCounter}`
    throw refused('image.security-counter', 'securityCounter', `the image has ${has}, and not ${draft.securityCounter}`)
  }
  const { securityCounter: _stated, ...about } = draft
  return {
    ...about,
    version,
    format: 'mcuboot',
    ...(securityCounter !== undefined && { securityCounter }),
    ...(found.dependencies.length > 0 && { dependencies: found.dependencies }),
    signature: signatureOf(found.signature, wantsSignature),
  }
}

/** Texts that are no semantic versions say nothing about each other. */
function isOther(stated: string, found: string): boolean {
  const bare = (version: string): string => version.replace(/\+.*$/, '')
  const order = stated.includes('+') ? compareVersions(stated, found) : compareVersions(bare(stated), bare(found))
  return order !== undefined && order !== 0
}

function signatureOf(
  found: Extract<Inspection, { format: 'mcuboot' }>['signature'],
  wantsSignature: boolean,
): ImageSignature {
  switch (found.state) {
    case 'verified':
      return found
    case 'wrong':
      throw refused('image.signature', 'signature', `the signature with '${found.key}' is of other octets`)
    case 'unsigned':
      if (!wantsSignature) return { state: 'unsigned' }
      throw refused('image.signature', 'signature', 'the image is not signed, and a signing key is registered')
    case 'unchecked':
      if (!wantsSignature) return { state: 'unchecked' }
      throw refused('image.signature', 'signature', `the signature cannot be verified: ${found.reason}`)
  }
}

/** A device that has a lower version with a higher counter would refuse the image. */
function holdAgainst({ version, format, securityCounter, product }: ImageFindings, others: readonly Image[]): void {
  const counter = securityCounter ?? (format === 'mcuboot' ? 0 : undefined)
  if (counter === undefined) return
  for (const other of others) {
    if ((other.securityCounter ?? 0) <= counter || (compareVersions(other.version, version) ?? 0) >= 0) continue
    const text = `${product} ${other.version} has security counter ${other.securityCounter}: a device that runs it refuses ${version} with ${counter}`
    throw refused('image.security-counter', 'securityCounter', text)
  }
}

function refused(code: string, field: string, message: string): UsageError {
  return new UsageError(code, message, { status: 422, members: { field } })
}
