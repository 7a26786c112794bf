/** The one directory a server owns: made on first start, for its owner alone; the API token in it. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
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
    makeDirectory(path)
    accessSync(`${path}/.`, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new EnvironmentError(
      'data.unwritable',
      `the data directory ${path} cannot be written (${reasons[code] ?? code}): ` +
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

const reasons: Readonly<Partial<Record<string, string>>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no directory can be made there',
  ENOTDIR: 'there is a file in the way',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

/** With those above it that are missing; not by `recursive`, with which Node never comes back from below /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    // Another server that starts at the same time may have been faster.
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
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
