/** SHA-256 for the names of simulated images. */
import { createHash } from 'node:crypto'
import type { Bytes } from '../base/bytes.ts'

/** Lower-case hex. */
export function sha256Hex(bytes: Bytes): string {
  return createHash('sha256').update(bytes).digest('hex')
}
