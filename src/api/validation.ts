/**
 * From what the schema check found to what a person can mend: one sentence a field, named as the request
 * has it. Knows the check's error format and nothing of routes.
 */
import { patternsInWords } from './contract/patterns.ts'
import type { FieldError } from './contract/problem.ts'

/** As TypeBox and Ajv report it. */
export interface Issue {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string | undefined
}

/** Where the request carried it. */
export type RequestPart = 'body' | 'query' | 'params' | 'headers'

/** More would not be read. */
const fieldErrorLimit = 20

export function fieldErrors(issues: readonly Issue[], part: RequestPart): FieldError[] {
  const byField = new Map<string, string>()
  for (const issue of issues) {
    for (const [field, message] of sentences(issue, part)) {
      // The first is the most telling: what follows on the same field are the branches of a union.
      if (!byField.has(field) && byField.size < fieldErrorLimit) byField.set(field, message)
    }
  }
  return [...byField].map(([field, message]) => ({ field, message }))
}

function sentences(issue: Issue, part: RequestPart): [field: string, message: string][] {
  const field = fieldOf(issue.instancePath, part)
  const inside = (name: unknown): string => `${field}.${String(name)}`
  const { params } = issue
  switch (issue.keyword) {
    case 'required':
      return list(params['requiredProperties'] ?? params['missingProperty']).map((name) => [inside(name), 'is missing'])
    case 'additionalProperties':
      return list(params['additionalProperties'] ?? params['additionalProperty']).map((name) => [
        inside(name),
        'is not known here',
      ])
    case 'enum':
      return [[field, `must be one of ${list(params['allowedValues']).join(', ')}`]]
    case 'pattern':
      return [[field, patternSentence(String(params['pattern']))]]
    case 'boolean':
      // A member that is not allowed; `additionalProperties` names it too.
      return []
    default:
      return [[field, issue.message ?? 'is not valid']]
  }
}

function patternSentence(pattern: string): string {
  const what = patternsInWords[pattern]
  return what === undefined ? `must look like ${pattern}` : `must be ${what}`
}

function fieldOf(pointer: string, part: RequestPart): string {
  return [part, ...pointer.split('/').slice(1)].map(unescaped).join('.')
}

/** RFC 6901 §4. */
function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}
