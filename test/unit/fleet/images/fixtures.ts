/** Images and deltas for the tests of the rules about them. */
import type { Delta, Image } from '../../../../src/fleet/images/types.ts'
import { start } from '../fixtures.ts'

/** A hash that is told from others at a glance. */
export const hashOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0')

export function imageOf(version: string, more: Partial<Image> = {}): Image {
  const sha256 = hashOf(version)
  const facts = { product: 'meter', size: 100_000, addedAt: start, format: 'opaque' } as const
  return { sha256, key: sha256.slice(0, 12), version, ...facts, ...more }
}

export function deltaOf(from: Image, to: Image, size: number): Delta {
  const sha256 = hashOf(`${from.version}>${to.version}`)
  const key = sha256.slice(0, 12)
  return { from: from.sha256, to: to.sha256, sha256, key, size, madeBy: 'uploaded', addedAt: start }
}
