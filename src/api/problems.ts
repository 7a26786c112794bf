/**
 * From errors to problem documents (RFC 9457): the one place that decides what a client learns of what
 * went wrong. Internals of an unexpected error go to the log, never into an answer.
 */
import { STATUS_CODES } from 'node:http'
import { EnvironmentError, UsageError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ProblemJson } from './contract/problem.ts'
import { fieldErrors, type Issue, type RequestPart } from './validation.ts'

export interface Answer {
  readonly problem: ProblemJson
  readonly headers: Readonly<Record<string, string>>
}

/** Seconds a client should leave a failed store alone. */
const retryAfterSeconds = 5

export function problemOf(
  status: number,
  code: string,
  detail: string,
  more: { hint?: string | undefined; members?: Readonly<Record<string, unknown>> } = {},
): ProblemJson {
  return {
    ...more.members,
    type: `urn:coapstan:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    detail,
    code,
    ...(more.hint !== undefined && { hint: more.hint }),
  }
}

/** What Fastify attaches to the errors it makes. */
interface FrameworkError {
  readonly code: string
  readonly statusCode: number
  readonly message: string
  readonly validation?: readonly Issue[]
  readonly validationContext?: string
}

export function answerOf(error: unknown, log: Log): Answer {
  if (error instanceof UsageError) {
    const { status, code, message, hint, members } = error
    return { problem: problemOf(status, code, message, { hint, members }), headers: {} }
  }
  if (error instanceof EnvironmentError) {
    log.error({ code: error.code, error: error.message }, 'a request met a failing environment')
    return {
      problem: problemOf(503, error.code, error.message, {
        hint: error.hint ?? (error.retriable ? 'try again in a moment' : "look at the server's log"),
      }),
      headers: error.retriable ? { 'retry-after': String(retryAfterSeconds) } : {},
    }
  }
  if (isFrameworkError(error)) return { problem: frameworkProblem(error), headers: {} }
  log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a request failed')
  return {
    problem: problemOf(500, 'internal', 'something went wrong inside the server', {
      hint: "the server's log says what; please report it",
    }),
    headers: {},
  }
}

function isFrameworkError(error: unknown): error is FrameworkError {
  return (
    error instanceof Error &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode >= 400 &&
    error.statusCode < 500
  )
}

const frameworkCodes: Readonly<Record<number, string>> = {
  408: 'request.timeout',
  413: 'request.too-large',
  414: 'request.too-large',
  415: 'request.media-type',
  431: 'request.too-large',
}

const frameworkHints: Readonly<Record<number, string>> = {
  413: 'http.body-limit is the knob',
  415: 'a body is sent as application/json; files as /v1/openapi.json says',
}

function frameworkProblem(error: FrameworkError): ProblemJson {
  if (error.validation !== undefined) {
    const errors = fieldErrors(error.validation, partOf(error.validationContext))
    const first = errors[0]
    const detail = first === undefined ? error.message : `${first.field} ${first.message}`
    return problemOf(400, 'request.invalid', detail, { members: { errors } })
  }
  const hint = frameworkHints[error.statusCode]
  return problemOf(error.statusCode, frameworkCodes[error.statusCode] ?? 'request.invalid', error.message, { hint })
}

function partOf(context: string | undefined): RequestPart {
  switch (context) {
    case 'querystring':
      return 'query'
    case 'params':
    case 'headers':
      return context
    default:
      return 'body'
  }
}
