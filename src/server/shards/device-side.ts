/** The device side of a server in several threads: the house here, sockets and engines in its shards. */
import { deskLimits, sequencesOf, type DeviceSide, type DeviceSideParts } from '../device-side.ts'
import { House } from './house.ts'

/**
 * Leases over what the shards can have in memory. A name is a hundredth of a device, and one that the shard still has
 * the lease of is read again without asking: so a fleet may be some times as large before each message costs two more.
 */
const leasesPerActor = 4

export interface ShardedStore {
  /** The database file, which shards read for themselves. */
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
