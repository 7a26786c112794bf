/**
 * Pulls an image block by block (RFC 7959 §2.4) into the second slot and goes on where it was after a
 * break, provided the ETag is still the same. Knows no socket: blocks come through a `BlockSource`.
 */
import { seconds, type Duration } from '../../base/time.ts'
import { results, type DownloadFailure } from './firmware-machine.ts'
import { slotSize, type Flash } from './flash.ts'

export interface BlockReply {
  /** "2.05" */
  readonly code: string
  readonly payload: Uint8Array
  /** Undefined: the answer is the whole of it. */
  readonly block: { readonly num: number; readonly more: boolean; readonly size: number } | undefined
  /** Hex. */
  readonly etag: string | undefined
  /** Size2: octets of the whole. */
  readonly total: number | undefined
}

export interface BlockSource {
  /** The block, or undefined where no answer came. */
  readonly fetch: (num: number, size: number) => Promise<BlockReply | undefined>
}

export interface DownloadPorts {
  readonly source: BlockSource
  readonly flash: Flash
  /** Octets a block to start with; the server may answer with less. */
  readonly blockSize: number
  /** Resolves after `wait`, or at once with false where the download is given up. */
  readonly pause: (wait: Duration) => Promise<boolean>
  readonly progress: (received: number, total: number | undefined, blockSize: number) => void
  readonly interrupted: (retryIn: Duration) => void
}

/** Breaks in a row, without one new block between them, after which it reports a lost connection. */
const breakLimit = 6
const firstPause: Duration = seconds(2)
/** A server whose content changes under a download is not followed for ever. */
const restartLimit = 3

type Step =
  | { readonly kind: 'stored'; readonly last: boolean; readonly size: number }
  | { readonly kind: 'changed' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'failed'; readonly result: DownloadFailure }

/** 'complete': all octets are in the slot. 'given-up': `pause` said so. */
export async function download(ports: DownloadPorts): Promise<'complete' | 'given-up' | DownloadFailure> {
  const { source, flash } = ports
  let { blockSize } = ports
  let breaks = 0
  let restarts = 0
  if (flash.record.source?.etag === undefined) flash.eraseStaged() // nothing proves what is there
  for (;;) {
    while (flash.stagedLength % blockSize !== 0 && blockSize > 16) blockSize /= 2
    const step = store(await source.fetch(flash.stagedLength / blockSize, blockSize), flash)
    switch (step.kind) {
      case 'failed':
        return step.result
      case 'stored':
        breaks = 0
        blockSize = Math.min(blockSize, step.size)
        ports.progress(flash.stagedLength, flash.record.source?.size, blockSize)
        if (step.last) return 'complete'
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
        ports.interrupted(wait)
        if (!(await ports.pause(wait))) return 'given-up'
      }
    }
  }
}

/** Checks one answer against what is already there and appends its octets. */
function store(reply: BlockReply | undefined, flash: Flash): Step {
  if (reply === undefined || reply.code.startsWith('5')) return { kind: 'broken' }
  if (reply.code !== '2.05') return { kind: 'failed', result: results.invalidUri }
  const { block, etag, total, payload } = reply
  const at = flash.stagedLength
  const known = flash.record.source
  if (at > 0 && known !== undefined && known.etag !== etag) return { kind: 'changed' }
  const offset = block === undefined ? 0 : block.num * block.size
  if (offset !== at) return { kind: 'changed' }
  if (block?.more === true && payload.length !== block.size) return { kind: 'broken' }
  if (at + payload.length > slotSize || (total ?? 0) > slotSize) return { kind: 'failed', result: results.noFlash }
  if (at === 0) flash.change({ source: { etag, size: total } })
  flash.append(payload)
  return { kind: 'stored', last: block?.more !== true, size: block?.size ?? payload.length }
}
