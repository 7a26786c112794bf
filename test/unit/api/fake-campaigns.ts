/** Campaigns in memory, for tests of what stands in front of them; a test turns them, and no device answers. */
import { Campaigns } from '../../../src/engine/campaigns/campaigns.ts'
import { CampaignsService, type CampaignsParts } from '../../../src/fleet/campaigns/service.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'

export interface CampaignsInMemory {
  readonly store: MemoryStore
  readonly service: CampaignsService
  turn(): void
}

export function campaignsInMemory({
  images,
  registry,
  now,
}: Pick<CampaignsParts, 'images' | 'registry' | 'now'>): CampaignsInMemory {
  const store = new MemoryStore()
  const machine = new Campaigns(
    {
      store,
      commit: (ops) => store.commit(ops),
      submit: () => undefined,
      octetsAt: () => ({ atHand: true }),
    },
    defaultSettings,
  )
  const service = new CampaignsService({
    store,
    images,
    registry,
    now,
    breathe: () => Promise.resolve(),
    actors: {
      create: (name, image, definition, author) => machine.create(name, image, definition, author, now()),
      act: (campaign, action, author) => machine.act(campaign, action, author, now()),
      remove: (campaign, author) => machine.remove(campaign, author),
      rollBack: (campaign, image, author) => machine.rollBack(campaign, image, author, now()),
    },
  })
  return { store, service, turn: () => void machine.turn(now()) }
}
