/** extended_master_secret (RFC 7627 §5.1): a flag without a body. */
import { noBytes, type Bytes } from '../../../base/bytes.ts'

export const extendedMasterSecretExtension = 23

export function decodeExtendedMasterSecret(body: Bytes): true | undefined {
  return body.length === 0 ? true : undefined
}

export function encodeExtendedMasterSecret(): Bytes {
  return noBytes
}
