/** What all commands share: how one is declared, and how its handler is run. */
import type { Command } from 'commander'
import { editDistance } from '../base/edit-distance.ts'
import { usageFailure } from './failure.ts'
import { openSession, type GlobalOptions, type Session } from './session.ts'
import type { Surroundings } from './surroundings.ts'

/** Adds a command, or several, below `parent`. */
export type AddCommand = (parent: Command, frame: Frame) => void

export interface Frame {
  readonly surroundings: Surroundings
  /** The exit code the command ends with. */
  exitCode: number
}

type Handler<O> = (session: Session, args: readonly string[], options: O) => Promise<number | void>

/**
 * Gives `command` its examples and its handler; `O` is what its own options parse to, absent arguments
 * come as undefined. Every command has an example, a test sees to it.
 */
export function does<O = Record<string, never>>(
  command: Command,
  frame: Frame,
  examples: readonly string[],
  handler: Handler<O>,
): Command {
  return withExamples(command, examples).action(async (...parameters: unknown[]) => {
    const args = parameters.slice(0, -2) as string[]
    const session = openSession(command.optsWithGlobals<GlobalOptions>(), frame.surroundings)
    frame.exitCode = (await handler(session, args, command.opts() as O)) ?? 0
  })
}

export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}`)
  return command.addHelpText('after', `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`)
}

/** Letters wrong, missing or too many in a name that still says what was meant. */
const slip = 2

const usual = new WeakMap<Command, Command>()

/** The command below `group` that runs where none is named: `coapstan devices` is `coapstan devices list`. */
export function usualCommand(group: Command, name: string): Command {
  const command = group.command(name, { isDefault: true }).allowExcessArguments()
  command.hook('preAction', () => refuseExcess(group, command))
  usual.set(group, command)
  return command
}

/** What is too much for it was meant as a command of the group, and is none. */
function refuseExcess(group: Command, { args, registeredArguments }: Command): void {
  if (args.length <= registeredArguments.length) return
  const given = args[0]!
  const names = group.commands.map((inner) => inner.name())
  const meant = names.find((one) => editDistance(given, one, slip) <= slip)
  throw usageFailure(
    `there is no command '${group.name()} ${given}'`,
    meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${group.name()} ${meant}?`,
  )
}

/** Of a group: what it takes without the name of a command. */
export function usualCommandOf(group: Command): Command | undefined {
  return usual.get(group)
}

/** For an option that may be given more than once. */
export function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
