/**
 * Tells a database that was restored from a backup: a number goes up in it and in a file beside it. From such
 * a database no association may go on, since the sequence numbers it lost would be used twice under one key
 * (RFC 6347 §4.1.2.6). Knows nothing of what is in an association.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { AssociationsOp, AssociationsStore } from '../fleet/associations/store.ts'

export const associationMarkFile = 'association-mark'

/** Milliseconds; a backup is told from what came after it when it is as old. */
const interval = 30_000

export interface AssociationMarkOptions {
  readonly store: Pick<AssociationsStore, 'associationMark'> & { commit(ops: readonly AssociationsOp[]): void }
  readonly dataDirectory: string
  readonly log: Log
}

/**
 * Drops every association where the database is not the one that was last used here, or nobody can tell. Then
 * moves the mark now and again; the function it returns ends that, and is to be called before the store closes.
 * Throws EnvironmentError where the store takes no writes.
 */
export function keepAssociationMark({ store, dataDirectory, log }: AssociationMarkOptions): () => void {
  const file = join(dataDirectory, associationMarkFile)
  const [inFile, inStore] = [markIn(file), store.associationMark()]
  let mark = Math.max(inFile ?? 0, inStore ?? 0)
  const isFresh = inFile === undefined && inStore === undefined
  const isRestored = !isFresh && (inFile === undefined || inStore === undefined || inStore < inFile)
  if (isRestored) {
    log.warn(
      { database: inStore, directory: inFile },
      'the database is not the one last used in this directory, or its association-mark is gone: its DTLS ' +
        'associations are dropped, and each device makes a new handshake when it is next heard',
    )
  }
  const advance = (drop: boolean): void => {
    mark++
    store.commit([...(drop ? [{ op: 'association.clear' } as const] : []), { op: 'association.mark', mark }])
    // The store first: a file that lags behind harms nobody.
    writeMark(file, mark)
  }
  advance(isRestored)
  const tick = (): void => {
    try {
      advance(false)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the association mark cannot be moved')
    }
  }
  const timer = setInterval(tick, interval)
  return () => {
    clearInterval(timer)
    tick()
  }
}

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
    writeSync(descriptor, `${mark}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, file)
}
