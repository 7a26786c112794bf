/**
 * The way of a device from what it runs to a target: one whole image, a delta, or a chain of them where an image
 * may only go over certain versions (v1 → v2 → v3). Pure: the cheapest path through the images there are.
 */
import { compareVersions, misfitOf } from './rules.ts'
import type { Artifact, Delta, Image, ImageTarget, Misfit } from './types.ts'

export interface RouteStart extends ImageTarget {
  /** Of the image it runs, where that is known; else the image of its product and version is taken for it. */
  readonly sha256?: string
  /** It can apply deltas. */
  readonly deltas: boolean
}

export interface RouteStep {
  readonly image: Image
  readonly artifact: Artifact
}

/** No steps where the device runs the target already. */
export type Route = { readonly steps: readonly RouteStep[] } | { readonly misfit: Misfit }

/** Octets that one more installation, its reboot and its risk are worth. */
export const stepCost = 65_536

interface Stop extends ImageTarget {
  readonly sha256?: string
}

interface Reached {
  readonly cost: number
  readonly stop: Stop
  readonly steps: readonly RouteStep[]
}

/** `images` and `deltas` may be more than are of use; the misfit is why the target does not go over what runs. */
export function planRoute(start: RouteStart, target: Image, images: readonly Image[], deltas: readonly Delta[]): Route {
  const running = images.find((image) =>
    start.sha256 === undefined
      ? image.product === target.product && image.version === start.version
      : image.sha256 === start.sha256,
  )
  if ((start.sha256 ?? running?.sha256) === target.sha256) return { steps: [] }
  const open = new Map<string, Reached>()
  const closed = new Set<string>()
  const first: Stop = { ...start, ...(running === undefined ? {} : after(start, running)) }
  for (let next: Reached | undefined = { cost: 0, stop: first, steps: [] }; next !== undefined; next = cheapest(open)) {
    const { stop, cost, steps } = next
    if (stop.sha256 === target.sha256) return { steps }
    open.delete(placeOf(stop))
    closed.add(placeOf(stop))
    for (const image of [...images.filter((one) => isBetween(one, stop.version, target)), target]) {
      if (misfitOf(image, stop) !== undefined) continue
      const artifact = artifactOf(image, stop, start.deltas ? deltas : [])
      const step: Reached = {
        cost: cost + artifact.size + stepCost,
        stop: after(stop, image),
        steps: [...steps, { image, artifact }],
      }
      const place = placeOf(step.stop)
      const known = open.get(place)
      if (!closed.has(place) && (known === undefined || isCheaper(step, known))) open.set(place, step)
    }
  }
  return { misfit: misfitOf(target, first)! }
}

/** The device with `image` on it; an image without a security counter leaves the one that was. */
function after(stop: Stop, { sha256, version, securityCounter }: Image): Stop {
  return { ...stop, sha256, version, ...(securityCounter !== undefined && { securityCounter }) }
}

function placeOf({ sha256, securityCounter }: Stop): string {
  return `${sha256}/${securityCounter}`
}

/** No device is sent past its target, or away from it. */
function isBetween(image: Image, version: string | undefined, target: Image): boolean {
  if (image.product !== target.product || image.sha256 === target.sha256 || version === undefined) return false
  const [fromStart, toTarget] = [
    compareVersions(version, image.version),
    compareVersions(image.version, target.version),
  ]
  return fromStart !== undefined && toTarget !== undefined && fromStart * toTarget > 0
}

function artifactOf(image: Image, from: Stop, deltas: readonly Delta[]): Artifact {
  const delta = deltas.find((one) => one.to === image.sha256 && one.from === from.sha256)
  const { sha256, key, size } = delta !== undefined && delta.size < image.size ? delta : image
  return { sha256, key, size, kind: sha256 === image.sha256 ? 'full' : 'delta' }
}

/** Of equal cost the one with fewer installations. */
function isCheaper(a: Reached, b: Reached): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.steps.length < b.steps.length)
}

function cheapest(open: ReadonlyMap<string, Reached>): Reached | undefined {
  let best: Reached | undefined
  for (const reached of open.values()) if (best === undefined || isCheaper(reached, best)) best = reached
  return best
}
