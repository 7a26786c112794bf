/** Where firmware images are kept, as the knobs say: the data directory, or a bucket with copies in it. */
import { UsageError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Settings } from '../config/tunables.ts'
import type { CampaignsStore } from '../fleet/campaigns/store.ts'
import type { FirmwareStore } from '../fleet/firmware/store.ts'
import type { ImageFiles } from '../fleet/images/store.ts'
import { openBucket } from '../storage/files/bucket.ts'
import { imagesInBucket, type CopyLimit } from '../storage/files/image-bucket.ts'
import { openImageFiles } from '../storage/files/image-files.ts'
import { LocalCopies } from '../storage/files/local-copies.ts'

/**
 * Asks the bucket nothing yet; copies of what it has are let go beyond a limit by whoever says what `isNeeded`. Throws UsageError 'images.s3' where a knob or a key is missing, EnvironmentError.
 */
export function openImages(
  settings: Settings,
  directory: string,
  environment: NodeJS.ProcessEnv,
  log: Log,
  isNeeded?: CopyLimit['isNeeded'],
): ImageFiles {
  const local = openImageFiles({ directory, cacheLimit: settings['firmware.cache'], log })
  const endpoint = settings['images.s3.endpoint']
  if (endpoint === '') return local
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  const bucket = settings['images.s3.bucket']
  if (!/^https?:\/\/[^/]+\/*$/.test(endpoint)) throw missing(`images.s3.endpoint is no address: '${endpoint}'`)
  if (bucket === '') throw missing('images.s3.bucket names no bucket')
  if (!accessKeyId || !secretAccessKey) {
    throw missing('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both in the environment')
  }
  const sessionToken = environment['AWS_SESSION_TOKEN']
  const options = {
    endpoint,
    bucket,
    region: settings['images.s3.region'],
    prefix: settings['images.s3.prefix'],
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  }
  const octets = settings['images.s3.copies']
  const limit = isNeeded === undefined ? undefined : { octets, copies: new LocalCopies(directory), isNeeded }
  return imagesInBucket(local, openBucket(options), log, limit)
}

/** Whether devices are fetching an image or a delta, or a campaign under way will have them fetch it. */
export function neededIn(store: Pick<CampaignsStore & FirmwareStore, StoreReads>): CopyLimit['isNeeded'] {
  return (sha256) =>
    store.openUpdatesNeeding(sha256, 1).length > 0 ||
    store.activeCampaigns().some((id) => {
      const campaign = store.campaign(id)
      return campaign?.image.sha256 === sha256 || campaign?.definition.rollbackTo === sha256
    })
}

type StoreReads = 'openUpdatesNeeding' | 'activeCampaigns' | 'campaign'

function missing(what: string): UsageError {
  return new UsageError('images.s3', `firmware images cannot be kept in a bucket: ${what}`, {
    hint: 'docs/firmware.md says how; an empty images.s3.endpoint keeps them in the data directory',
  })
}
