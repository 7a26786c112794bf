/** What all commands share: how one is declared, and how its handler is run. */
import type { Command } from 'commander'
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

const usual = new WeakMap<Command, Command>()

/** The command below `group` that runs where none is named: `coapstan devices` is `coapstan devices list`. */
export function usualCommand(group: Command, name: string): Command {
  const command = group.command(name, { isDefault: true })
  usual.set(group, command)
  return command
}

/** Of a group: what it takes without the name of a command. */
export function usualCommandOf(group: Command): Command | undefined {
  return usual.get(group)
}

/** For an option that may be given more than once. */
export function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
