/** Images and signing keys, from the fleet's types to the JSON of the contract. */
import { imageRevision } from '../fleet/images/revision.ts'
import type { Delta, Image } from '../fleet/images/types.ts'
import type { SigningKey } from '../fleet/signing-keys/types.ts'
import type { DeltaJson, ImageJson, SigningKeyJson } from './contract/image.ts'
import { isoOf } from './present.ts'

export function presentImage(image: Image): ImageJson {
  const { hardware, signature, dependencies, addedAt, ...rest } = image
  return {
    ...rest,
    revision: imageRevision(image),
    ...(hardware !== undefined && { hardware: [...hardware] }),
    ...(signature !== undefined && { signature: { ...signature } }),
    ...(dependencies !== undefined && { dependencies: dependencies.map((one) => ({ ...one })) }),
    addedAt: isoOf(addedAt),
  }
}

export function presentSigningKey({ addedAt, ...rest }: SigningKey): SigningKeyJson {
  return { ...rest, addedAt: isoOf(addedAt) }
}

export function presentDelta({ addedAt, ...rest }: Delta): DeltaJson {
  return { ...rest, addedAt: isoOf(addedAt) }
}
