/** Stands for the engine: keeps what was asked and gives what the test prepared. */
import type { Command, CommandResult, Commands } from '../../../src/fleet/commands.ts'
import type { DirectCommits, EventDraft } from '../../../src/fleet/firmware/service.ts'
import type { FirmwareOp } from '../../../src/fleet/firmware/store.ts'
import type { Store } from '../../../src/fleet/store.ts'

export class FakeCommands implements Commands, DirectCommits {
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

  commitNow(ops: readonly FirmwareOp[], events: readonly EventDraft[] = []): void {
    this.#store.commit(ops)
    this.events.push(...events)
  }
}
