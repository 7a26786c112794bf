/**
 * Whether the octets of images and deltas can be handed to devices, for campaigns, which cannot wait: the first
 * question begins the fetching where they are kept elsewhere, later ones are told how it stands.
 */
import { EnvironmentError } from '../base/errors.ts'
import { between, seconds, type Duration, type Instant } from '../base/time.ts'
import type { OctetsAt } from '../engine/campaigns/picture.ts'
import type { ImageFiles } from '../fleet/images/store.ts'
import { imageKeyOf } from '../fleet/images/types.ts'
import type { Store } from '../fleet/store.ts'

export interface OctetsParts {
  readonly files: Pick<ImageFiles, 'ready'>
  readonly store: Pick<Store, 'image' | 'deltaByKey'>
  readonly now: () => Instant
}

/** A fetch that takes longer is worth telling. */
const worthTelling = seconds(2)
/** What was there, or could not be had, is looked for again after this. */
const believed: Duration = seconds(30)
/** As many as campaigns can want at one time, and more; beyond it all are looked for anew. */
const mostKept = 1024

type Known =
  | { readonly state: 'looking'; readonly since: Instant }
  | { readonly state: 'there'; readonly since: Instant }
  | { readonly state: 'away'; readonly since: Instant; readonly why: string }

export function octetsAtHand({ files, store, now }: OctetsParts): OctetsAt {
  const known = new Map<string, Known>()

  /** What was there is believed to be, until the answer comes. */
  const look = (sha256: string, state: 'looking' | 'there' = 'looking'): void => {
    if (known.size === mostKept) known.clear()
    known.set(sha256, { state, since: now() })
    void files.ready(sha256).then(
      (isThere) => {
        const gone = { state: 'away', since: now(), why: 'is gone or damaged: add the same file again' } as const
        known.set(sha256, isThere ? { state: 'there', since: now() } : gone)
      },
      (error: unknown) => {
        if (!(error instanceof EnvironmentError)) throw error
        known.set(sha256, { state: 'away', since: now(), why: `cannot be fetched: ${error.message}` })
      },
    )
  }

  const nameOf = (sha256: string): string => {
    const image = store.image(sha256)
    if (image !== undefined) return `the image of ${image.product} ${image.version}`
    const delta = store.deltaByKey(imageKeyOf(sha256))
    const to = delta === undefined ? undefined : store.image(delta.to)
    return to === undefined ? `what has the SHA-256 ${sha256}` : `the delta to ${to.product} ${to.version}`
  }

  return (sha256) => {
    const found = known.get(sha256)
    if (found === undefined) {
      look(sha256)
      return { atHand: false }
    }
    const age = between(found.since, now())
    if (found.state === 'looking') {
      return age < worthTelling
        ? { atHand: false }
        : { atHand: false, obstacle: `${nameOf(sha256)} is being fetched from where it is kept` }
    }
    const isThere = found.state === 'there'
    if (age > believed) look(sha256, isThere ? 'there' : 'looking')
    return isThere ? { atHand: true } : { atHand: false, obstacle: `${nameOf(sha256)} ${found.why}` }
  }
}
