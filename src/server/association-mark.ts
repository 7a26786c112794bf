/**
 * Tells a database that was restored from a backup: a number goes up in it and in a file beside it, with every
 * reservation of sequence numbers. From such a database no association may go on, since the numbers it lost would
 * be used twice under one key (RFC 6347 §4.1.2.6). Knows nothing else of what is in an association.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { SqliteStore } from '../storage/sqlite/store.ts'

export const associationMarkFile = 'association-mark'

/** Milliseconds; how far the file may lag behind after a loss of power. */
const interval = 30_000

/** Always as many digits: a new number takes the place of the old one whole. */
const digits = 15

export interface AssociationMarkOptions {
  readonly store: SqliteStore
  readonly dataDirectory: string
  readonly log: Log
}

/**
 * Drops every association where the database is not the one that was last used here, or nobody can tell. The store
 * it returns moves the mark with every reservation, before what was reserved can be used; `end` is to be called before
 * the store closes. Throws EnvironmentError where the store takes no writes.
 */
export function keepAssociationMark({ store, dataDirectory, log }: AssociationMarkOptions): {
  readonly store: SqliteStore
  readonly end: () => void
} {
  const file = join(dataDirectory, associationMarkFile)
  const [inFile, inStore] = [markIn(file), store.associationMark()]
  let mark = Math.max(inFile ?? 0, inStore ?? 0)
  let descriptor: number | undefined
  const isFresh = inFile === undefined && inStore === undefined
  const isRestored = !isFresh && (inFile === undefined || inStore === undefined || inStore < inFile)
  if (isRestored) {
    log.warn(
      { database: inStore, directory: inFile },
      'the database is not the one last used in this directory, or its association-mark is gone: its DTLS ' +
        'associations are dropped, and each device makes a new handshake when it is next heard',
    )
  }
  // The store first: a file that lags behind harms nobody.
  const commit = (ops: Parameters<SqliteStore['commit']>[0]): void => {
    store.commit([...ops, { op: 'association.mark', mark: mark + 1 }])
    mark++
  }
  const settle = (): void => {
    writeMark(file, mark)
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = openSync(file, 'r+')
  }
  const attempt = (move: () => void): void => {
    try {
      move()
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the association mark cannot be moved')
    }
  }
  const advance = (): void => {
    commit([])
    settle()
  }
  commit(isRestored ? [{ op: 'association.clear' }] : [])
  settle()
  const timer = setInterval(() => attempt(advance), interval)
  return {
    store: {
      ...store,
      commit: (ops) => {
        if (!ops.some(isReservation)) return store.commit(ops)
        commit(ops)
        attempt(() => void writeSync(descriptor!, textOf(mark), 0))
      },
    },
    end: () => {
      clearInterval(timer)
      attempt(advance)
      if (descriptor !== undefined) closeSync(descriptor)
    },
  }
}

function isReservation(op: StoreOp | { readonly op: 'rows' }): boolean {
  if (op.op === 'bootstrap.association') return op.change.op === 'association.reserve'
  return op.op === 'association.reserve'
}

const textOf = (mark: number): string => `${String(mark).padStart(digits, '0')}\n`

function markIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return /^\d{1,15}$/.test(text) ? Number(text) : undefined
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new EnvironmentError('data.unwritable', `${file} cannot be read: ${(cause as Error).message}`, {
      retriable: false,
      cause,
    })
  }
}

/** Whole or not at all, whatever happens to the machine. */
function writeMark(file: string, mark: number): void {
  const next = `${file}.next`
  const descriptor = openSync(next, 'w', 0o600)
  try {
    writeSync(descriptor, textOf(mark))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, file)
}
