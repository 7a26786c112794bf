/**
 * Where the touched devices of a campaign are taken back to: the image given or defined, or for each the one of the
 * version it ran before. Says what stands in the way of which.
 */
import type { WayBack } from '../../fleet/campaigns/picture.ts'
import { briefOf } from '../../fleet/campaigns/report.ts'
import { mostOrigins } from '../../fleet/campaigns/store.ts'
import { isOver, type Campaign, type CampaignImage } from '../../fleet/campaigns/types.ts'
import type { Image } from '../../fleet/images/types.ts'
import { Ways } from '../../fleet/images/ways.ts'
import type { CampaignReads } from './paths.ts'

export function wayBackOf(store: CampaignReads, campaign: Campaign, given?: Image): WayBack {
  const { id, definition } = campaign
  const origins = store.campaignOrigins(id, mostOrigins + 1)
  if (origins.length === 0) return { obstacle: 'no device was told to install the image' }
  const chosen = given ?? (definition.rollbackTo === undefined ? undefined : store.image(definition.rollbackTo))
  if (chosen !== undefined) {
    const obstacle = obstacleTo(store, campaign, chosen)
    return obstacle === undefined ? { image: campaignImageOf(chosen) } : { obstacle }
  }
  if (origins.length > mostOrigins) return { obstacle: `its devices ran more than ${mostOrigins} versions before` }
  return eachToItsOwn(store, campaign, origins)
}

/** The campaign as if nobody had taken its devices back, where that has ended and left some: there may be another way. */
export function reopened(store: CampaignReads, campaign: Campaign): Campaign {
  const { rollback, ...rest } = campaign
  const before = rollback === undefined ? undefined : store.campaign(rollback)
  if (before === undefined) return rest
  const { verdict } = briefOf(before, store.campaignCounts(before.id))
  return isOver(before.state) && verdict === 'failed' ? rest : campaign
}

/** Who timed out before it said what it ran goes where most go. */
function eachToItsOwn(
  store: CampaignReads,
  campaign: Campaign,
  origins: ReturnType<CampaignReads['campaignOrigins']>,
): WayBack {
  const { product } = campaign.image
  const back: CampaignImage[] = []
  const without: string[] = []
  const known = origins.flatMap(({ version, count }) => (version === undefined ? [] : [{ version, count }]))
  for (const { version, count } of known) {
    const [image] = store.imageByVersion(product, version)
    const obstacle =
      image === undefined
        ? `there is no image of ${product} ${version}, which ${count} of its devices ran before`
        : obstacleTo(store, campaign, image)
    if (image !== undefined && obstacle === undefined) back.push(campaignImageOf(image))
    else if (obstacle !== undefined) without.push(obstacle)
  }
  const [image] = back
  if (image === undefined) return { obstacle: without.join('; ') || 'its devices never said what they ran before' }
  if (known.length === 1) return { image }
  return { image, backTo: back, ...(without.length > 0 && { without }) }
}

function obstacleTo(store: CampaignReads, { image }: Campaign, back: Image): string | undefined {
  const [before, now] = [back.securityCounter, store.image(image.sha256)?.securityCounter]
  if (before !== undefined && now !== undefined && before < now) {
    return `the security counter of ${back.version} is ${before}, that of ${image.version} is ${now}: boot loaders refuse the older image`
  }
  const way = new Ways(back, store.images(back.product), []).from({ version: image.version, sha256: image.sha256 })
  if ('misfit' in way) return way.misfit.reason
  return back.sha256 === image.sha256 ? `${back.version} is what the campaign installs` : undefined
}

export function campaignImageOf({ sha256, key, product, version, size, fromVersions, hardware }: Image): CampaignImage {
  return {
    sha256,
    key,
    product,
    version,
    size,
    ...(fromVersions === undefined ? {} : { fromVersions }),
    ...(hardware === undefined ? {} : { hardware }),
  }
}
