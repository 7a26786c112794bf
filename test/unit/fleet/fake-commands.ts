/** Stands for the engine: keeps what was asked and gives what the test prepared. */
import type { Command, CommandResult, Commands } from '../../../src/fleet/commands.ts'
import type { EventDraft } from '../../../src/fleet/events/types.ts'
import type { Store, StoreOp } from '../../../src/fleet/store.ts'

export class FakeCommands implements Commands {
  readonly asked: Command[] = []
  readonly events: EventDraft[] = []
  answer: (command: Command) => unknown = () => undefined
  readonly #store: Pick<Store, 'commit'>

  constructor(store: Pick<Store, 'commit'>) {
    this.#store = store
  }

  async submit<C extends Command>(command: C): Promise<CommandResult<C>> {
    this.asked.push(command)
    return (await this.answer(command)) as CommandResult<C>
  }

  commitNow(ops: readonly StoreOp[], events: readonly EventDraft[] = []): void {
    this.#store.commit(ops)
    this.events.push(...events)
  }
}
