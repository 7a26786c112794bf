/** One run of the command line: from arguments to an exit code, every failure told on the way. */
import { CommanderError, type Command } from 'commander'
import type { Frame } from './command.ts'
import { CommandFailure, usageFailure } from './failure.ts'
import { isVersionQuestion, program } from './program.ts'
import { paintFor } from './style.ts'
import type { Surroundings } from './surroundings.ts'

/** `argv` without the program's own name. Never throws. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  if (isVersionQuestion(argv)) {
    surroundings.out.write(`${surroundings.version}\n`)
    return 0
  }
  const frame: Frame = { surroundings, exitCode: 0 }
  try {
    const root = program(frame)
    await root.parseAsync(helpAsked(argv, root), { from: 'user' })
    return frame.exitCode
  } catch (error) {
    // Commander has written what it has to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const failure = failureOf(error)
    tell(failure, surroundings, !argv.includes('--no-color'))
    return failure.exitCode
  }
}

/** `help devices show` as `devices show --help`; what is no command alone, which says what was meant. */
function helpAsked(argv: readonly string[], root: Command): string[] {
  const [first, ...words] = argv
  if (first !== 'help' || words.length === 0) return [...argv]
  return root.commands.some((command) => command.name() === words[0]) ? [...words, '--help'] : words
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (!(error instanceof Error)) return new CommandFailure(String(error), { exitCode: 1 })
  // Of config and device: rooms with errors of their own.
  if (error.name === 'UsageError') {
    return 'hint' in error && typeof error.hint === 'string'
      ? usageFailure(error.message, error.hint)
      : usageFailure(error.message)
  }
  if ('code' in error && typeof error.code === 'string') {
    return new CommandFailure(fileSentence(error) ?? error.message, { exitCode: 1 })
  }
  return new CommandFailure(`this should not have happened: ${error.stack ?? error.message}`, {
    exitCode: 1,
    advice: ['please report it'],
  })
}

/** What the system said of a file, in words; undefined where it is about something else. */
function fileSentence({ code, path }: { readonly code?: unknown; readonly path?: unknown }): string | undefined {
  const reason = typeof code === 'string' ? fileReasons[code] : undefined
  return typeof path === 'string' && reason !== undefined ? `${path}: ${reason}` : undefined
}

const fileReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is a file',
  EISDIR: 'this is a directory; name a file',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

function tell({ message, advice }: CommandFailure, { err, environment }: Surroundings, colours: boolean): void {
  const paint = paintFor({ out: err, environment }, colours)
  err.write(`${paint('red', 'coapstan:')} ${message}\n`)
  for (const line of advice) err.write(`  ${line}\n`)
}
