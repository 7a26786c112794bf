/**
 * The repository as text: its files, and for TypeScript what is code, what is comment and what is a
 * string. Read by the law tests and by the documentation generator. Knows lexical rules only, no types.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('..', import.meta.url))

export interface SourceFile {
  /** Path from the repository's root, with slashes. */
  readonly path: string
  readonly text: string
  /** The text with comments blanked out; lines and columns keep their place. */
  readonly withoutComments: string
  /** The same with the content of strings, templates and regular expressions blanked out as well. */
  readonly code: string
}

/** Every file below `folder` whose name ends in `extension`, as a path from the repository's root, sorted. */
export function filesIn(folder: string, extension = ''): string[] {
  const entries = readdirSync(path.join(repository, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.relative(repository, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !/(^|\/)(node_modules|build)\//.test(file))
    .sort()
}

export function readSource(file: string): SourceFile {
  const text = readFileSync(path.join(repository, file), 'utf8')
  return { path: file, text, ...masked(text) }
}

export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

export interface Import {
  /** As written: `../base/bytes.ts`, `node:fs`, `fastify`. */
  readonly specifier: string
  readonly line: number
}

/** Static, type-only and dynamic imports, and re-exports. */
export function importsOf(source: SourceFile): Import[] {
  const found: Import[] = []
  const statement = /\b(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])(.*?)\1|\bimport\s*\(\s*(['"`])(.*?)\3/g
  for (const match of source.withoutComments.matchAll(statement)) {
    // The word has to be code: not the inside of a string that talks about imports.
    if (source.code.slice(match.index, match.index + 6) !== match[0].slice(0, 6)) continue
    found.push({ specifier: match[2] ?? match[4] ?? '', line: lineOf(source.text, match.index) })
  }
  return found
}

/** The file a relative specifier means, from the repository's root. */
export function resolvedImport(from: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(from), specifier)
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')

/** Splits TypeScript into its lexical parts: far from a parser, enough to know a comment from a string. */
export function masked(text: string): { withoutComments: string; code: string } {
  let withoutComments = ''
  let code = ''
  /** One entry for each template whose `${` we are inside: the braces open within it. */
  const templates: number[] = []
  let at = 0
  const keep = (end: number): void => {
    withoutComments += text.slice(at, end)
    code += text.slice(at, end)
    at = end
  }
  const drop = (end: number): void => {
    withoutComments += blank(text.slice(at, end))
    code += blank(text.slice(at, end))
    at = end
  }
  /** Keeps the quotes and blanks what is between them. */
  const quote = (end: number, opening = 1, closing = 1): void => {
    withoutComments += text.slice(at, end)
    const inside = text.slice(at + opening, Math.max(at + opening, end - closing))
    code += text.slice(at, at + opening) + blank(inside) + text.slice(at + opening + inside.length, end)
    at = end
  }
  const templatePart = (): void => {
    const end = endOfTemplatePart(text, at + 1)
    const interpolates = text[end - 1] === '{'
    if (interpolates) templates.push(0)
    quote(end, 1, interpolates ? 2 : 1)
  }
  while (at < text.length) {
    const here = text[at]
    const next = text[at + 1]
    if (here === '/' && next === '/') drop(indexOr(text, '\n', at, 0))
    else if (here === '/' && next === '*') drop(indexOr(text, '*/', at + 2, 2))
    else if (here === "'" || here === '"') quote(endOfQuoted(text, at))
    else if (here === '`') templatePart()
    else if (here === '/' && startsRegularExpression(code)) quote(endOfRegularExpression(text, at))
    else {
      const depth = templates.at(-1)
      if (depth !== undefined && here === '{') templates[templates.length - 1] = depth + 1
      if (depth !== undefined && here === '}') {
        if (depth === 0) {
          templates.pop()
          templatePart()
          continue
        }
        templates[templates.length - 1] = depth - 1
      }
      keep(at + 1)
    }
  }
  return { withoutComments, code }
}

function indexOr(text: string, what: string, from: number, beyond: number): number {
  const index = text.indexOf(what, from)
  return index === -1 ? text.length : index + beyond
}

function endOfQuoted(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== text[start] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

/** Where the part of a template that begins at `from` ends: after its backtick or after `${`. */
function endOfTemplatePart(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    if (text[at] === '`') return at + 1
    if (text[at] === '$' && text[at + 1] === '{') return at + 2
    at += text[at] === '\\' ? 2 : 1
  }
  return text.length
}

function endOfRegularExpression(text: string, start: number): number {
  let inClass = false
  let at = start + 1
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true
    if (text[at] === ']') inClass = false
    at += text[at] === '\\' ? 2 : 1
  }
  return Math.min(at + 1, text.length)
}

/** A slash begins a regular expression where no operand stands before it. */
function startsRegularExpression(before: string): boolean {
  const tail = before.slice(-200).trimEnd()
  return tail === '' || /[(,=:[!&|?{};+\-*%<>~^]$/.test(tail) || /\b(?:return|typeof|case|in|of|void)$/.test(tail)
}
