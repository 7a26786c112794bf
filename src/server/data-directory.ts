/** The one directory a server owns: made on first start, for its owner alone; the API token in it. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { randomBytes } from 'node:crypto'
import { isToken, newToken, tokenFileMode, tokenFileName } from '../api/token.ts'
import { EnvironmentError } from '../base/errors.ts'

export interface DataDirectory {
  readonly path: string
  readonly database: string
  readonly images: string
  readonly token: string
  /** Where the token is, for the start-up line. */
  readonly tokenFile: string
}

/** Throws EnvironmentError 'data.unwritable' or 'data.token'. */
export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new EnvironmentError(
      'data.unwritable',
      `the data directory ${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}): ` +
        'give it to the user the server runs as, or name another with --data-directory',
      { retriable: false, cause },
    )
  }
  const tokenFile = join(path, tokenFileName)
  return {
    path,
    database: join(path, 'coapstan.db'),
    images: join(path, 'images'),
    token: tokenOf(tokenFile),
    tokenFile,
  }
}

function tokenOf(file: string): string {
  try {
    if (!existsSync(file)) {
      writeFileSync(file, `${newToken((octets) => randomBytes(octets))}\n`, { mode: tokenFileMode, flag: 'wx' })
    }
    const token = readFileSync(file, 'utf8').trim()
    if (isToken(token)) return token
  } catch (cause) {
    throw new EnvironmentError(
      'data.token',
      `the API token ${file} cannot be read or made: ${(cause as Error).message}`,
      {
        retriable: false,
        cause,
      },
    )
  }
  throw new EnvironmentError('data.token', `${file} holds no usable token: remove it, and the next start makes one`, {
    retriable: false,
  })
}
