/** A name for the state of something that people change: the same words, the same revision. Stores nothing. */
import { hexOf, utf8 } from './bytes.ts'
import { sipHash } from './sip-hash.ts'

/** Nothing secret is in a revision, and nobody gains from two states that share one. */
const key = new Uint8Array(16)

/** Sixteen hex digits of the JSON of `words`, whatever the order of its members. */
export function revisionOf(words: unknown): string {
  return hexOf(sipHash(key, utf8(JSON.stringify(words, inOrder))))
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
