/** Joins the download listener to the rest of the process: updates, image octets, progress. */
import { hexOf, noBytes, type Bytes } from '../../base/bytes.ts'
import type { Log } from '../../base/log.ts'
import type { Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Commands } from '../../fleet/commands.ts'
import type { FirmwareStore } from '../../fleet/firmware/store.ts'
import { packageHashOf, type FirmwareUpdate } from '../../fleet/firmware/types.ts'
import { imageKeyOf } from '../../fleet/images/types.ts'
import type { ImageBodies } from '../image-bodies.ts'
import { publicUri } from '../public-uri.ts'
import { downloadHandler, type Download, type Progress } from './handler.ts'
import { listenForDownloads, type DownloadListener } from './listener.ts'

export interface DownloadsParts {
  readonly settings: Settings
  readonly secret: Uint8Array
  readonly now: () => Instant
  readonly log: Log
  readonly store: Pick<FirmwareStore, 'update'>
  readonly bodies: Pick<ImageBodies, 'of'>
  readonly commands: Pick<Commands, 'submit'>
}

export interface Downloads extends DownloadListener {
  /** What devices reach it under, without a trailing slash. */
  readonly uri: string
}

/** Undefined where firmware is not served over HTTP. Throws EnvironmentError. */
export async function openDownloads(parts: DownloadsParts): Promise<Downloads | undefined> {
  const { settings, secret, now, log, store, bodies } = parts
  if (settings['downloads.listen'] === 'off') return undefined
  const handler = downloadHandler({
    secret,
    now,
    log,
    update: (id) => store.update(id),
    download: async (key, update) => (key === imageKeyOf(packageHashOf(update)) ? downloadOf(bodies, key) : undefined),
    served: (update, progress) => report(parts, update, progress),
    limits: {
      requestsPerMinute: settings['downloads.requests-per-minute'],
      refusalsPerMinute: settings['downloads.refusals-per-minute'],
    },
  })
  const listener = await listenForDownloads(settings, handler)
  return { ...listener, uri: publicUri(settings['downloads.public-uri'], listener.via, listener) }
}

function downloadOf(bodies: Pick<ImageBodies, 'of'>, key: string): Download | undefined {
  const body = bodies.of(key)
  if (body === undefined) return undefined
  const read = (offset: number, length: number): Bytes => {
    const octets = new Uint8Array(length)
    return body.copy(offset, length, octets, 0) ? octets : noBytes
  }
  return { size: body.size, etag: hexOf(body.etag), read }
}

/** Progress that is not written down is no harm: the next piece tells it again. */
function report({ commands, log }: DownloadsParts, update: FirmwareUpdate, progress: Progress): void {
  const { part, ...piece } = progress
  const fetch = { update: update.id, ...piece, ...(part !== undefined && { blockSize: part }) }
  commands
    .submit({ command: 'firmware.fetched', endpoint: update.endpoint, fetch })
    .catch((error: unknown) => log.debug({ update: update.id, error: String(error) }, 'progress of a download is lost'))
}
