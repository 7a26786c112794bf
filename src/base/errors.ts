/**
 * Errors that are thrown (ARCHITECTURE §6): the surroundings failed, the user asked for something
 * impossible, or we have a bug. What a peer sends is never one of these: that is a `Fault`.
 */

/** Disk full, database gone, port in use. `retriable` says whether waiting may help. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
  readonly code: string
  readonly retriable: boolean
  /** The next step for a person, where waiting is not all. */
  readonly hint: string | undefined
  constructor(code: string, message: string, options: { retriable: boolean; cause?: unknown; hint?: string }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = options.retriable
    this.hint = options.hint
  }
}

/** Bad configuration, bad API body, unknown device. `hint` names the next step for a person. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code: string
  /** HTTP status the API answers with. */
  readonly status: number
  readonly hint: string | undefined
  /** Extra members of the problem document (RFC 9457 §3.2). */
  readonly members: Readonly<Record<string, unknown>>
  constructor(
    code: string,
    message: string,
    options: { status?: number; hint?: string; members?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message)
    this.code = code
    this.status = options.status ?? 400
    this.hint = options.hint
    this.members = options.members ?? {}
  }
}

/** An impossible state: our own bug. Ends the process with its context. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable value: ${JSON.stringify(value)}`)
}
