/** What a credential says of the device it stands for, for when that is seen first. */
import type { VouchedFor } from '../registry/types.ts'
import type { Credential } from './types.ts'

/** Of the newest credential of an endpoint; undefined where there is none, or it is revoked. */
export function vouchedFor([newest]: readonly Credential[]): VouchedFor | undefined {
  if (newest === undefined || newest.state === 'revoked') return undefined
  const { product, tags } = newest
  return { tags, ...(product === undefined ? {} : { product }) }
}
