/**
 * The way of one device over several images: each hop is an update of its own, and the next is decided by the end
 * of the one before, in the same commit. Pure; who plans the way is asked elsewhere (fleet/images/ways.ts).
 */
import type { Leg } from '../images/types.ts'
import { isDeltaRefused } from './results.ts'
import type { UpdateWish } from './rules.ts'
import type { FirmwareUpdate, Journey } from './types.ts'

/** An update for the first of `legs`; the others come after it by themselves. */
export function wishOfWay(legs: readonly [Leg, ...Leg[]], from: string | undefined, wish: Wish): UpdateWish {
  const [leg, ...onward] = legs
  if (onward.length === 0 && leg.delta === undefined) return wishOfLeg(wish, leg)
  return wishOf(wish, {
    goal: legs.at(-1)!.version,
    hop: 1,
    hops: legs.length,
    ...(from !== undefined && { from }),
    leg,
    onward,
  })
}

type Wish = Omit<UpdateWish, 'image' | 'journey'>

/** The update for the leg of `journey`. */
export function wishOf(wish: Wish, journey: Journey): UpdateWish {
  return { ...wishOfLeg(wish, journey.leg), journey }
}

/** The update for a leg that is the whole way. */
export function wishOfLeg({ options, ...wish }: Wish, leg: Leg): UpdateWish {
  const { delta: _, hardware: __, ...others } = options ?? {}
  const { delta, hardware } = leg
  const asked = { ...others, ...(delta !== undefined && { delta }), ...(hardware !== undefined && { hardware }) }
  return { ...wish, image: leg, ...(Object.keys(asked).length > 0 && { options: asked }) }
}

/** What follows an update that has ended: the next hop, or the whole image where its delta was refused. */
export function followingUpdate(ended: FirmwareUpdate): UpdateWish | undefined {
  const { id, state, target, options, journey, version } = ended
  if (journey === undefined || journey.isStopped === true || ended.campaign !== undefined) return undefined
  const wish: Wish = { target, ...(options !== undefined && { options }) }
  if (isDeltaRefused(ended)) {
    // A device that has refused one delta is not asked to take another.
    const onward = journey.onward.map(whole)
    return wishOf(wish, { ...journey, leg: whole(journey.leg), onward, follows: id })
  }
  const [leg, ...onward] = journey.onward
  if (state !== 'confirmed' || leg === undefined) return undefined
  return wishOf(wish, { ...journey, hop: journey.hop + 1, from: version, leg, onward, follows: id })
}

/** Whether the update hands over these octets, or falls back on them, or something after it does. */
export function needsOctets({ sha256, journey }: FirmwareUpdate, wanted: string): boolean {
  const legs = journey === undefined ? [] : [journey.leg, ...journey.onward]
  return sha256 === wanted || legs.some((leg) => leg.sha256 === wanted || leg.delta?.sha256 === wanted)
}

function whole({ delta: _, ...leg }: Leg): Leg {
  return leg
}
