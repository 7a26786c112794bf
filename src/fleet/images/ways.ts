/**
 * The ways of many devices to one image: each planned once for all that run the same (route.ts plans). Knows no
 * device and keeps nothing; made anew wherever images or deltas may have changed.
 */
import { planRoute, type RouteStart } from './route.ts'
import type { Delta, Image, Leg, Way } from './types.ts'

/** Starts whose ways are kept: devices may report as many versions as they like. */
const mostKept = 1024

/** What a device runs, and on what, as far as anybody knows. */
export interface Running extends Pick<RouteStart, 'version' | 'sha256' | 'hardware'> {
  /** An image it ran once: its security counter holds whatever runs now. */
  readonly installed?: string
}

export class Ways {
  readonly target: Image
  readonly #images: readonly Image[]
  readonly #deltas: readonly Delta[]
  readonly #known = new Map<string, Way>()

  /** `images` are those of the product; without `deltas` every installation is a whole image. */
  constructor(target: Image, images: readonly Image[], deltas: readonly Delta[]) {
    this.target = target
    this.#images = images
    this.#deltas = deltas
  }

  /** Whether what a device runs may decide for a delta. */
  get hasDeltas(): boolean {
    return this.#deltas.some(({ to }) => this.#images.some(({ sha256 }) => sha256 === to))
  }

  /** At least one leg: a device that seems to run the target already is asked by an update of its own. */
  from(running: Running, takesDeltas = true): Way {
    const key = JSON.stringify([running.version, running.sha256, running.hardware, running.installed, takesDeltas])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const way = this.#plan(running, takesDeltas)
    if (this.#known.size === mostKept) this.#known.clear()
    this.#known.set(key, way)
    return way
  }

  /** Whether some device could need `image` on its way: the target goes over some versions only, and over this one's. */
  mayGoOver({ sha256, version }: Image): boolean {
    if (sha256 === this.target.sha256) return true
    return this.target.fromVersions !== undefined && 'legs' in this.from({ sha256, version })
  }

  #plan({ installed, ...start }: Running, deltas: boolean): Way {
    const securityCounter = this.#images.find(({ sha256 }) => sha256 === installed)?.securityCounter
    const known = { ...start, deltas, ...(securityCounter !== undefined && { securityCounter }) }
    const route = planRoute(known, this.target, this.#images, this.#deltas)
    if ('misfit' in route) return route
    const [first = legOf(this.target), ...others] = route.steps.map(({ image, artifact }) => ({
      ...legOf(image),
      ...(artifact.kind === 'delta' && { delta: { sha256: artifact.sha256, size: artifact.size } }),
    }))
    return { legs: [first, ...others] }
  }
}

function legOf({ sha256, product, version, size, hardware }: Image): Leg {
  return { sha256, product, version, size, ...(hardware !== undefined && { hardware }) }
}
