/** What ends a command early, told to a person: one sentence, then what to do about it. */
import type { ProblemJson } from '../api/contract/problem.ts'

/** 0 ok · 1 the device or the server said no · 2 the command makes no sense as it was given. */
export type ExitCode = 0 | 1 | 2 | 130

/** As shells say of a program that SIGINT ended. */
export const interruptedExit = 130

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode
  /** Lines below the sentence. */
  readonly advice: readonly string[]

  constructor(message: string, options: { exitCode: ExitCode; advice?: readonly string[]; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = options.exitCode
    this.advice = options.advice ?? []
  }
}

/** A problem document the server answered with (RFC 9457). */
export class ServerProblem extends CommandFailure {
  readonly problem: ProblemJson

  constructor(problem: ProblemJson) {
    super(sentenceOf(problem), { exitCode: exitCodeOf(problem.status), advice: adviceOf(problem) })
    this.problem = problem
  }
}

/** Thrown where Ctrl-C ended something that was not finished. */
export class Interrupted extends CommandFailure {
  constructor(advice: readonly string[] = []) {
    super('interrupted', { exitCode: interruptedExit, advice })
  }
}

export function usageFailure(message: string, ...advice: readonly string[]): CommandFailure {
  return new CommandFailure(message, { exitCode: 2, advice })
}

/** 400 and 422 are said of what was asked, everything else of how things are. */
function exitCodeOf(status: number): ExitCode {
  return status === 400 || status === 422 ? 2 : 1
}

/** Members every problem has, or that are told elsewhere. */
const known = new Set(['type', 'title', 'status', 'detail', 'code', 'hint', 'errors', 'similar'])

function adviceOf(problem: ProblemJson): string[] {
  const { similar = [], hint } = problem
  const further = Object.entries(problem).flatMap(([name, value]) =>
    !known.has(name) && isTextList(value) && value.length > 0 ? [`${name}: ${value.join(', ')}`] : [],
  )
  return [
    ...errorLines(problem).slice(1),
    ...further,
    // Names are better than what the server says of them.
    ...(similar.length > 0 ? [`did you mean ${alternatives(similar)}?`] : hint === undefined ? [] : [hint]),
  ]
}

function sentenceOf(problem: ProblemJson): string {
  return errorLines(problem)[0] ?? problem.detail
}

/** What is wrong with each field; the detail of such a problem repeats the first. */
function errorLines({ errors = [] }: ProblemJson): string[] {
  return errors.map(({ field, message }) => `${asWritten(field)} ${message}`)
}

/** What the API calls `query.kind.0` was written as `--kind`, and `body.profile` as `profile`. */
function asWritten(field: string): string {
  const [part, ...names] = field.split('.')
  if (part === 'query') return `--${names[0]?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return part === 'body' || part === 'params' ? names.join('.') || part : field
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
