/** The key secrets at rest are sealed with: 32 octets from a file of the data directory or the environment. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesOfHex, equalBytes, utf8, type Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import type { CredentialsStore } from '../fleet/credentials/store.ts'
import type { StoreOp } from '../fleet/store.ts'

const fileName = 'store-key'
const environmentName = 'COAPSTAN_STORE_KEY'
const keyOctets = 32

/** Makes the file, for its owner alone, where there is none. Throws EnvironmentError 'store-key.unusable'. */
export function openStoreKey(dataDirectory: string, environment: NodeJS.ProcessEnv): Bytes {
  const given = environment[environmentName]
  if (given !== undefined) return checked(given, environmentName)
  const file = join(dataDirectory, fileName)
  try {
    if (!existsSync(file))
      writeFileSync(file, `${randomBytes(keyOctets).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    return checked(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause
    throw unusable(`${file} cannot be read or made: ${(cause as Error).message}`, cause)
  }
}

/** A key of its own for each purpose (HKDF-SHA-256, RFC 5869). */
export function deriveKey(storeKey: Bytes, purpose: string): Bytes {
  return new Uint8Array(hkdfSync('sha256', storeKey, new Uint8Array(0), utf8(`coapstan ${purpose}`), keyOctets))
}

/**
 * Compares the key with the one the database was sealed with, which the first start notes. Throws EnvironmentError
 * 'store-key.wrong': nothing could be opened, and every device would be turned away.
 */
export function checkStoreKey(
  store: Pick<CredentialsStore, 'storeKeyCheck'> & { commit(ops: readonly StoreOp[]): void },
  storeKey: Bytes,
  dataDirectory: string,
  environment: NodeJS.ProcessEnv,
): void {
  const check = deriveKey(storeKey, 'check')
  const known = store.storeKeyCheck()
  if (known === undefined) store.commit([{ op: 'store-key.put', check }])
  else if (!equalBytes(known, check)) {
    const file = join(dataDirectory, fileName)
    const where = environment[environmentName] === undefined ? file : environmentName
    throw new EnvironmentError(
      'store-key.wrong',
      `${where} holds another key than the one the database was sealed with: put the right one back into ${file}, ` +
        `or into ${environmentName}`,
      { retriable: false },
    )
  }
}

function checked(hex: string, where: string): Bytes {
  const key = bytesOfHex(hex.trim())
  if (key?.length === keyOctets) return key
  throw unusable(`${where} does not hold ${keyOctets} octets in hex`)
}

function unusable(message: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError('store-key.unusable', `the store key cannot be used: ${message}`, {
    retriable: false,
    cause,
  })
}
