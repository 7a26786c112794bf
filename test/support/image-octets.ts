/** Octets in memory as a stored file, and keys as they are registered. */
import type { StoredFile } from '../../src/fleet/images/store.ts'
import type { SigningKey } from '../../src/fleet/signing-keys/types.ts'
import { instantOf } from '../../src/base/time.ts'
import { imageInspector } from '../../src/server/image-inspector.ts'

/** Comes in pieces of 100 octets. */
export function fileOf(octets: Buffer): StoredFile {
  return {
    size: octets.length,
    read: async (offset, length) => octets.subarray(offset, offset + length),
    chunks: async function* (start, end) {
      for (let at = start; at < end; at += 100)
        yield await Promise.resolve(octets.subarray(at, Math.min(end, at + 100)))
    },
  }
}

export function keyNamed(name: string, pem: string): SigningKey {
  const facts = imageInspector.keyOf(pem)
  if (facts === undefined) throw new Error(`${name} is no key`)
  return { name, addedAt: instantOf(0), ...facts }
}
