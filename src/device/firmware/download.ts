/**
 * Pulls an image piece by piece into the second slot and goes on where it was after a break, provided the
 * ETag is still the same. Knows neither sockets nor protocols: pieces come from a `PackageSource`.
 */
import { seconds, type Duration } from '../../base/time.ts'
import { results, type DownloadFailure } from './firmware-machine.ts'
import { slotSize, type Flash } from './flash.ts'

/** What came of asking for the octets from one offset on. */
export type Piece =
  | {
      readonly kind: 'octets'
      readonly offset: number
      readonly octets: Uint8Array
      readonly last: boolean
      /** The same text as long as the content is the same; undefined where nothing says so. */
      readonly etag: string | undefined
      /** Octets of the whole, where told. */
      readonly total: number | undefined
      /** Where it came in blocks of equal size. */
      readonly blockSize: number | undefined
    }
  /** It may work later. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** What was fetched so far is no part of what is there now. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly result: DownloadFailure; readonly reason: string }

export interface PackageSource {
  /** The next octets from `at` on; `etag` is that of the octets before. Never rejects. */
  fetch(at: number, etag: string | undefined): Promise<Piece>
  close(): void
}

export interface DownloadPorts {
  readonly source: PackageSource
  readonly flash: Flash
  /** Resolves after `wait`, or at once with false where the download is given up. */
  readonly pause: (wait: Duration) => Promise<boolean>
  readonly progress: (received: number, total: number | undefined, blockSize: number | undefined) => void
  /** Without `retryIn` it is over. */
  readonly interrupted: (reason: string, retryIn?: Duration) => void
}

/** Breaks in a row, without one new piece between them, after which it reports a lost connection. */
const breakLimit = 6
const firstPause: Duration = seconds(2)
/** A server whose content changes under a download is not followed for ever. */
const restartLimit = 3

/** 'complete': all octets are in the slot. 'given-up': `pause` said so. */
export async function download(ports: DownloadPorts): Promise<'complete' | 'given-up' | DownloadFailure> {
  const { source, flash } = ports
  let breaks = 0
  let restarts = 0
  if (flash.record.source?.etag === undefined) flash.eraseStaged() // nothing proves what is there
  for (;;) {
    const piece = checked(await source.fetch(flash.stagedLength, flash.record.source?.etag), flash)
    switch (piece.kind) {
      case 'failed':
        ports.interrupted(piece.reason)
        return piece.result
      case 'octets':
        breaks = 0
        store(piece, flash)
        ports.progress(flash.stagedLength, flash.record.source?.size, piece.blockSize)
        if (piece.last) return 'complete'
        if (!(await ports.pause(seconds(0)))) return 'given-up'
        break
      case 'changed':
        if (++restarts > restartLimit) return results.connectionLost
        flash.eraseStaged()
        flash.change({ source: undefined })
        break
      case 'broken': {
        if (++breaks > breakLimit) return results.connectionLost
        const wait = seconds((firstPause / 1000) * 2 ** (breaks - 1))
        ports.interrupted(piece.reason, wait)
        if (!(await ports.pause(wait))) return 'given-up'
      }
    }
  }
}

type Octets = Piece & { kind: 'octets' }

/** Holds octets against what is already there, and against the room there is. */
function checked(piece: Piece, flash: Flash): Piece {
  if (piece.kind !== 'octets') return piece
  const { offset, octets, etag, total } = piece
  const at = flash.stagedLength
  const known = flash.record.source
  if (at > 0 && known !== undefined && known.etag !== etag) return { kind: 'changed' }
  if (offset !== at) return { kind: 'changed' }
  const size = Math.max(at + octets.length, total ?? 0)
  if (size <= slotSize) return piece
  return { kind: 'failed', result: results.noFlash, reason: `${size} octets are more than its ${slotSize}` }
}

function store({ offset, octets, etag, total }: Octets, flash: Flash): void {
  if (offset === 0) flash.change({ source: { etag, size: total } })
  flash.append(octets)
}
