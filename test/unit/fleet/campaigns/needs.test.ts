/** Images that campaigns under way need, and nobody may remove meanwhile. */
import { expect, it } from 'vitest'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import { CampaignsService } from '../../../../src/fleet/campaigns/service.ts'
import { Ways } from '../../../../src/fleet/images/ways.ts'
import { CampaignFleet, imageOf } from '../../../support/campaign-fleet.ts'

const others = imageOf('9.0.0', { product: 'valve' })
const images = [imageOf('1.0.0'), imageOf('1.1.0'), imageOf('2.0.0'), others]

/** Versions that a campaign needs. */
function neededBy(draft: Partial<CampaignDraft>, then: (fleet: CampaignFleet) => void = () => undefined): string[] {
  const fleet = new CampaignFleet(2, () => ({ version: '1.0.0' }), images)
  fleet.create({ stages: [{ percent: 100 }], failure: { percent: 100 }, ...draft })
  fleet.go()
  then(fleet)
  const nobody = (): never => expect.unreachable('no device is looked at')
  const service = new CampaignsService({
    store: fleet.store,
    images: {
      image: (reference) => fleet.store.image(reference)!,
      list: (product) => fleet.store.images(product),
      waysTo: (target) => new Ways(target, images, []),
      ready: nobody,
    },
    registry: { device: nobody, knows: nobody, list: nobody },
    actors: { act: nobody, create: nobody, remove: nobody, rollBack: nobody },
    now: () => fleet.now,
    breathe: nobody,
  })
  return images.filter((image) => service.needing(image).length > 0).map(({ version }) => version)
}

it.each<[string, Partial<CampaignDraft>, string[]]>([
  ['its image', { image: '2.0.0' }, ['2.0.0']],
  [
    'whatever devices may have come from, where a breach takes them back',
    { image: '2.0.0', onBreach: 'rollback' },
    ['1.0.0', '1.1.0', '2.0.0'],
  ],
])('a campaign needs %s', (_what, draft, versions) => {
  expect(neededBy(draft)).toEqual(versions)
})

it('that has taken its devices back needs its image alone', () => {
  const goBack = (fleet: CampaignFleet): void => {
    for (const id of [1, 2]) fleet.follow(id, 'confirmed')
    fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)
    fleet.go()
    for (const id of [1, 2]) fleet.follow(id, 'confirmed')
    fleet.go()
  }
  const open = { stages: [{ percent: 50, soak: '4h' }, { percent: 100 }] }
  expect(neededBy({ ...open, image: '2.0.0', onBreach: 'rollback' }, goBack)).toEqual(['2.0.0'])
})

it('that is over needs nothing', () => {
  const end = (fleet: CampaignFleet): void => {
    for (const id of [1, 2]) fleet.follow(id, 'confirmed')
    fleet.go()
  }
  expect(neededBy({ image: '2.0.0', onBreach: 'rollback' }, end)).toEqual([])
})
