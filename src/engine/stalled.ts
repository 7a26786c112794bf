/** Actors whose own doing could not be committed: they try again with the next sweep. */
import type { Actor } from './actor.ts'
import { isInternal, type ActorInput, type InternalInput } from './inputs.ts'

interface Stall {
  readonly actor: Actor
  readonly input: InternalInput | undefined
}

export class Stalled {
  #stalls: Stall[] = []

  /** What is due is found due again by the next sweep: kept as well it would pile up while the disk is full. */
  add(actor: Actor, input: ActorInput): void {
    actor.stalled = true
    const again = isInternal(input) && input.input !== 'due' ? input : undefined
    this.#stalls.push({ actor, input: again })
  }

  /** All of them, free to go on; whom another engine has is none of ours any more. */
  take(): readonly Stall[] {
    const stalls = this.#stalls
    this.#stalls = []
    for (const { actor } of stalls) actor.stalled = false
    return stalls.filter(({ actor }) => !actor.isGone)
  }
}
