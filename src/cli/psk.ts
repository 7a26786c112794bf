/** Keys given on the command line. */
import type { Psk } from '../device/carrier.ts'
import { usageFailure } from './failure.ts'

/** `identity:hexkey`; throws CommandFailure for anything else. */
export function pskOf(text: string | undefined): Psk | undefined {
  if (text === undefined) return undefined
  const [, identity, key] = /^(.+):((?:[0-9a-f]{2})+)$/i.exec(text) ?? []
  if (identity === undefined || key === undefined) throw usageFailure('--psk is not identity:hexkey')
  return { identity, key: Buffer.from(key, 'hex') }
}
