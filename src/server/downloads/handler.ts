/**
 * Answers one request for an artifact over HTTP: checks its link, then its range, then sends octets as fast as the
 * device takes them. What was handed over is reported as progress of the update; the buffers of the network hold part of
 * it for a while, so that a device that goes on after a break may go on before that. Nothing else is changed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Bytes } from '../../base/bytes.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Instant } from '../../base/time.ts'
import { isFinished } from '../../fleet/firmware/rules.ts'
import type { FirmwareUpdate } from '../../fleet/firmware/types.ts'
import { claimOf, isSigned } from './link.ts'
import { PerMinute } from './limits.ts'
import { askedOf } from './range.ts'

/** Octets a device can fetch; the same for ever under the same tag. */
export interface Download {
  readonly size: number
  /** Hex. */
  readonly etag: string
  /** Empty where they are gone meanwhile. */
  read(offset: number, length: number): Bytes
}

export interface DownloadParts {
  readonly secret: Uint8Array
  readonly now: () => Instant
  readonly log: Log
  /** Finished ones too: their links are over, and told apart from forged ones. */
  readonly update: (id: number) => FirmwareUpdate | undefined
  /** The artifact as this update may fetch it. */
  readonly download: (key: string, update: FirmwareUpdate) => Promise<Download | undefined>
  /** `length` more octets, from `offset` on, are on their way to the device. */
  readonly served: (update: FirmwareUpdate, progress: Progress) => void
  readonly limits: { readonly requestsPerMinute: number; readonly refusalsPerMinute: number }
}

export interface Progress {
  readonly offset: number
  readonly length: number
  readonly size: number
  /** How large a range it asked for; absent where it takes all there is from where it begins. */
  readonly part?: number
  /** The first piece of what one request asked for. */
  readonly isBeginning?: boolean
}

/** Octets given to the socket at a time. */
const pieceSize = 65_536
/** Parts of the file between two reports. */
const reportsPerFile = 20

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Never rejects. */
export function downloadHandler(parts: DownloadParts): Handler {
  const requests = new PerMinute(parts.limits.requestsPerMinute)
  const refusals = new PerMinute(parts.limits.refusalsPerMinute)
  return async (request, response) => {
    const from = request.socket.remoteAddress ?? ''
    const now = parts.now()
    try {
      if (refusals.isSpent(from, now)) return refuse(response, 429)
      const update = signedFor(request.url ?? '', parts)
      if (typeof update === 'number') {
        refusals.count(from, now)
        return refuse(response, update)
      }
      if (requests.isSpent(update.endpoint, now)) return refuse(response, 429)
      requests.count(update.endpoint, now)
      if (isFinished(update) || claimOf(request.url!)!.end <= now) return refuse(response, 410)
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
      const found = await parts.download(claimOf(request.url!)!.key, update)
      if (found === undefined) return refuse(response, 404)
      await answer(request, response, found, (progress) => parts.served(update, progress))
    } catch (error) {
      // A device that goes away in the middle is every day's business.
      parts.log.debug({ from, error: String(error) }, 'a download ended early')
      response.destroy()
    }
  }
}

/** The update a link is for, else the status it is refused with: 404 where it is none, 403 not ours, or long forgotten. */
function signedFor(path: string, { secret, update: updateOf }: DownloadParts): FirmwareUpdate | 403 | 404 {
  const claim = claimOf(path)
  if (claim === undefined) return 404
  const update = updateOf(claim.update)
  return isSigned(claim, update?.endpoint ?? '', secret) && update !== undefined ? update : 403
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  file: Download,
  served: (progress: Progress) => void,
): Promise<void> {
  const etag = `"${file.etag}"`
  const { headers } = request
  const asked = askedOf(
    {
      ...(headers.range !== undefined && request.method === 'GET' && { range: headers.range }),
      ...(typeof headers['if-range'] === 'string' && { ifRange: headers['if-range'] }),
      ...(headers['if-match'] !== undefined && { ifMatch: headers['if-match'] }),
      ...(headers['if-none-match'] !== undefined && { ifNoneMatch: headers['if-none-match'] }),
    },
    etag,
    file.size,
  )
  response.statusCode = asked.status
  response.setHeader('etag', etag)
  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('cache-control', 'private, immutable')
  if (asked.status === 416) response.setHeader('content-range', `bytes */${file.size}`)
  if (asked.status !== 200 && asked.status !== 206) {
    if (asked.status !== 304) response.setHeader('content-length', 0)
    response.end()
    return
  }
  const [first, last] = asked.status === 206 ? [asked.first, asked.last] : [0, file.size - 1]
  if (asked.status === 206) response.setHeader('content-range', `bytes ${first}-${last}/${file.size}`)
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('content-length', last + 1 - first)
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const part = asked.status === 206 && !asked.takesRest ? { part: last + 1 - first } : {}
  const step = Math.max(pieceSize, Math.ceil(file.size / reportsPerFile))
  let offset = first
  const onItsWay = (to: number): void => {
    if (to - offset < step && to <= last) return
    const isBeginning = offset === first && { isBeginning: true }
    served({ offset, length: to - offset, size: file.size, ...part, ...isBeginning })
    offset = to
  }
  const pieces = Readable.from(piecesOf(file, first, last + 1, onItsWay), { objectMode: false, highWaterMark: 1 })
  await pipeline(pieces, response)
  onItsWay(last + 1)
}

/** Every piece is asked for when the ones before are on their way; throws where the file has gone meanwhile. */
function* piecesOf(file: Download, start: number, end: number, onItsWay: (to: number) => void): Generator<Bytes> {
  for (let at = start; at < end;) {
    if (at > start) onItsWay(at)
    const piece = file.read(at, Math.min(pieceSize - (at % pieceSize), end - at))
    if (piece.length === 0) throw new EnvironmentError('firmware.files', 'the image is gone', { retriable: false })
    yield piece
    at += piece.length
  }
}

function refuse(response: ServerResponse, status: 403 | 404 | 405 | 410 | 429): void {
  response.statusCode = status
  if (status === 405) response.setHeader('allow', 'GET, HEAD')
  if (status === 429) response.setHeader('retry-after', 60)
  response.setHeader('content-length', 0)
  response.end()
}
