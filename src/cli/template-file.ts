/** A bootstrap template as a file, YAML or JSON: read, and what the server says of a field traced to its line. */
import { LineCounter, parseDocument, type Document } from 'yaml'
import { ServerProblem, usageFailure } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

export interface TemplateFile {
  readonly file: string
  readonly value: Readonly<Record<string, unknown>>
  /** From 1; undefined where the file has nothing like that. */
  lineOf(field: string): number | undefined
}

/** Throws CommandFailure, with the line, where the file is none. */
export function templateFile(file: string, { readText }: Pick<Surroundings, 'readText'>): TemplateFile {
  const text = readText(file)
  if (text === undefined) throw usageFailure(`there is no file ${file}`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    throw usageFailure(`${file}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`)
  }
  const value: unknown = document.toJS()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageFailure(`${file}: a template is a set of names and values`, 'docs/bootstrap.md has one to begin with')
  }
  return {
    file,
    value: value as Readonly<Record<string, unknown>>,
    lineOf(field) {
      const offset = offsetOf(document, field.split('.').slice(1))
      return offset === undefined ? undefined : lines.linePos(offset).line
    },
  }
}

/** The failure once more, each field of the body with its line in the file. */
export function located(failure: unknown, template: TemplateFile): unknown {
  if (!(failure instanceof ServerProblem)) return failure
  const { errors, hint } = failure.problem
  if (errors === undefined) return failure
  const told = errors.map(({ field, message }) => {
    const line = template.lineOf(field)
    const name = field.replace(/^body\.?/, '') || 'the template'
    return `${template.file}${line === undefined ? '' : `:${line}`}: ${name}: ${message}`
  })
  const [first, ...others] = told
  return usageFailure(first!, ...others, ...(hint === undefined ? [] : [hint]))
}

/** Where the deepest part of the path that is there begins. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length).map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    const found = document.getIn(keys, true) ?? document.getIn(path.slice(0, length), true)
    if (typeof found === 'object' && found !== null && 'range' in found) {
      return (found.range as [number, number, number] | undefined)?.[0]
    }
  }
  return undefined
}
