/** The device side of a server in several threads: the house here, sockets and engines in its shards. */
import { deskLimits, sequencesOf, type DeviceSide, type DeviceSideParts } from '../device-side.ts'
import { House } from './house.ts'

/** Leases over what the shards can have in memory: what is beyond was let go of long ago. */
const leasesPerActor = 2

export interface ShardedStore {
  /** The database file, for shards to look up images in. */
  readonly database: string
  /** The directory of images. */
  readonly images: string
}

export function deviceSideInShards(parts: DeviceSideParts, where: ShardedStore): DeviceSide {
  const { settings, store, storeKey, bodies } = parts
  const count = settings['shards']
  const sequences = sequencesOf(store)
  const house = new House({
    ...parts,
    ...deskLimits(settings),
    leaseLimit: leasesPerActor * count * settings['actors.awake'],
    lastEventId: sequences.eventId,
  })
  let local = ''
  return {
    control: house,
    async open(downloads) {
      const rules = store.observationRules()
      const listening = await house.open(count, { settings, sequences, storeKey, ...where, downloads, rules })
      local = listening.plain.address
      return { ...listening, transport: `${listening.transport}, ${count} shards` }
    },
    setRules: (rules) => house.setRules(rules),
    objectsChanged: () => house.reloadObjects(),
    forgetImage: (key) => {
      bodies.forget(key)
      house.forgetImage(key)
    },
    counts: () => house.counts(),
    samples: () => house.samples(),
    trace: () => house.traceCalls(local),
    stop: () => house.stop(),
  }
}
