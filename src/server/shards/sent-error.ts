/** Errors that cross a thread: their class is lost on the way, so what they say travels as data. */
import { EnvironmentError, InvariantError, UsageError } from '../../base/errors.ts'

export type SentError =
  | {
      readonly error: 'usage'
      readonly code: string
      readonly message: string
      readonly status: number
      readonly hint: string | undefined
      readonly members: Readonly<Record<string, unknown>>
    }
  | { readonly error: 'environment'; readonly code: string; readonly message: string; readonly retriable: boolean }
  | { readonly error: 'bug'; readonly message: string }

export function sentError(thrown: unknown): SentError {
  if (thrown instanceof UsageError) {
    const { code, message, status, hint, members } = thrown
    return { error: 'usage', code, message, status, hint, members }
  }
  if (thrown instanceof EnvironmentError) {
    const { code, message, retriable } = thrown
    return { error: 'environment', code, message, retriable }
  }
  return { error: 'bug', message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) }
}

export function receivedError(sent: SentError): Error {
  switch (sent.error) {
    case 'usage': {
      const { code, message, status, hint, members } = sent
      return new UsageError(code, message, { status, members, ...(hint === undefined ? {} : { hint }) })
    }
    case 'environment':
      return new EnvironmentError(sent.code, sent.message, { retriable: sent.retriable })
    case 'bug':
      return new InvariantError(sent.message)
  }
}
