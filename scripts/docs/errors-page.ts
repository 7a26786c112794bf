/**
 * docs/errors.md: every code a user or an operator can meet, and every fault a peer can commit, as found
 * in the source. A code is a stable name: programs match on it, never on the wording.
 */
import { filesIn, readSource, type SourceFile } from '../source-tree.ts'
import { page, table } from './markdown.ts'

export function errorsPage(): string {
  const sources = filesIn('src', '.ts').map(readSource)
  const thrown = sources.flatMap(codesIn)
  return page(
    'Errors',
    'The HTTP API answers with a problem document (RFC 9457) whose `code` is one of these; the command line prints' +
      ' the message and what to do next. Codes are stable, wording is not. `…` stands for a value.',
    '## What the one who asked can mend',
    table(
      ['code', 'HTTP', 'says', 'what to do', 'in'],
      byCode(thrown.filter(({ family }) => family === 'UsageError')).map((found) => [
        `\`${found.code}\``,
        found.status,
        found.message,
        found.hint,
        places(found.files),
      ]),
    ),
    '## What is refused before anything is sent',
    'The request is well-formed, but the model or what the device registered rules it out: HTTP 422.',
    table(
      ['code', 'in'],
      listedNames(sources, refusalLists).map(({ name, files }) => [`\`${name}\``, places(files)]),
    ),
    '## What went wrong around the server',
    'Retriable ones are tried again by whoever met them: devices repeat, since nothing was acknowledged.',
    table(
      ['code', 'retriable', 'says', 'in'],
      byCode(thrown.filter(({ family }) => family === 'EnvironmentError')).map((found) => [
        `\`${found.code}\``,
        found.retriable,
        found.message,
        places(found.files),
      ]),
    ),
    '## What a peer can do wrong',
    'Never an exception and never an error of the API: the `reactions.ts` of the room says what the peer gets.',
    table(
      ['room', 'fault', 'reaction', 'in'],
      listedNames(sources, faultLists).map((found) => [
        found.room,
        `\`${found.name}\``,
        reactionTo(sources, found),
        places(found.files),
      ]),
    ),
  )
}

interface FoundCode {
  readonly family: 'UsageError' | 'EnvironmentError'
  readonly code: string
  readonly status: string
  readonly retriable: string
  readonly message: string
  readonly hint: string
  readonly files: readonly string[]
}

const text = String.raw`(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|${'`'}((?:[^${'`'}\\]|\\.)*)${'`'})`
const code = String.raw`'([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)'`
/** `new UsageError('a.b', 'message'`, and rows of a table: `code: 'a.b', message: 'message'`. */
const construction = new RegExp(String.raw`new (UsageError|EnvironmentError)\(\s*${code},\s*${text}`, 'g')
const row = new RegExp(String.raw`\b(?:code|refusal): ${code},\s*(?:status: (\d+),\s*)?message:\s*${text}`, 'g')

function codesIn(source: SourceFile): FoundCode[] {
  const body = source.withoutComments
  const constructed = [...body.matchAll(construction)].map((match): FoundCode => {
    const family = match[1] === 'UsageError' ? 'UsageError' : 'EnvironmentError'
    const rest = argumentsAfter(body, match.index + match[0].length)
    return {
      family,
      code: match[2] ?? '',
      status: /\bstatus: (\d+)/.exec(rest)?.[1] ?? '400',
      retriable: retriability(rest),
      message: sentence((match[3] ?? match[4] ?? match[5] ?? '') + continuation(rest)),
      hint: sentence(hintIn(rest)),
      files: [source.path],
    }
  })
  const rows = [...body.matchAll(row)].map((match): FoundCode => {
    const rest = body.slice(match.index, endOfObject(body, match.index + match[0].length))
    const retriable = retriability(rest)
    return {
      family: retriable === '' ? 'UsageError' : 'EnvironmentError',
      code: match[1] ?? '',
      status: match[2] ?? /\bstatus: (\d+)/.exec(rest)?.[1] ?? '422',
      retriable,
      message: sentence(match[3] ?? match[4] ?? match[5] ?? ''),
      hint: sentence(hintIn(rest)),
      files: [source.path],
    }
  })
  return [...constructed, ...rows]
}

/** The literals added to one that ends where `rest` begins: `'a' + 'b'`. */
function continuation(rest: string): string {
  const match = new RegExp(String.raw`^\s*\+\s*${text}`).exec(rest)
  if (match === null) return ''
  return (match[1] ?? match[2] ?? match[3] ?? '') + continuation(rest.slice(match[0].length))
}

function retriability(rest: string): string {
  const stated = /\bretriable: (true|false|\S)/.exec(rest)?.[1]
  if (stated === undefined) return ''
  return { true: 'yes', false: 'no' }[stated] ?? 'depends'
}

function hintIn(rest: string): string {
  const match = new RegExp(String.raw`\bhint:\s*${text}`).exec(rest)
  if (match === null) return ''
  return (match[1] ?? match[2] ?? match[3] ?? '') + continuation(rest.slice(match.index + match[0].length))
}

/** What stands between `from` and the parenthesis that closes the call `from` is in. */
function argumentsAfter(body: string, from: number): string {
  let depth = 1
  let at = from
  for (; at < body.length && depth > 0; at++) depth += body[at] === '(' ? 1 : body[at] === ')' ? -1 : 0
  return body.slice(from, at)
}

function endOfObject(body: string, from: number): number {
  const end = body.indexOf('}', from)
  return end === -1 ? body.length : end
}

function sentence(literal: string): string {
  return literal.replaceAll(/\$?\{(?:[^{}]|\{[^{}]*\})*\}/g, '…').replaceAll(/\\(['"`])/g, '$1')
}

/** One entry for each code: the first that says something, the files of all. */
function byCode(found: readonly FoundCode[]): FoundCode[] {
  const merged = new Map<string, FoundCode>()
  for (const each of found) {
    const known = merged.get(each.code)
    const files = [...new Set([...(known?.files ?? []), ...each.files])]
    merged.set(each.code, { ...(known ?? each), hint: known?.hint || each.hint, files })
  }
  return [...merged.values()].sort((a, b) => (a.code < b.code ? -1 : 1))
}

interface Found {
  readonly room: string
  readonly name: string
  readonly files: string[]
}

const names = String.raw`((?:[\s|,]*'[a-z0-9.-]+')+)`
/** `faultNames = ['a', 'b']`, `type XFaultName = | 'a' | 'b'`, `{ fault: 'a' }`. */
const faultLists = new RegExp(String.raw`\b(?:faultNames = \[|type \w*Fault(?:Name)? =|fault:)${names}`, 'g')
const refusalLists = new RegExp(String.raw`\btype RefusalCode =${names}`, 'g')

/** Every name a list of them gives, in types and in values. */
function listedNames(sources: readonly SourceFile[], lists: RegExp): Found[] {
  const merged = new Map<string, Found>()
  for (const source of sources) {
    const room = source.path.split('/')[1] ?? ''
    for (const [, list = ''] of source.withoutComments.matchAll(lists)) {
      for (const [, name = ''] of list.matchAll(/'([a-z0-9.-]+)'/g)) {
        const known = merged.get(`${room} ${name}`)
        if (known === undefined) merged.set(`${room} ${name}`, { room, name, files: [source.path] })
        else if (!known.files.includes(source.path)) known.files.push(source.path)
      }
    }
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found)
}

/** What the table of the room says about a fault, as it stands there; '' where it is silent. */
function reactionTo(sources: readonly SourceFile[], { room, name }: Found): string {
  const reactions = sources.find(({ path }) => path === `src/${room}/reactions.ts`)?.withoutComments ?? ''
  const said = new RegExp(String.raw`^ +(?:'${name}'|${name}): (.*?),?\s*$`, 'm').exec(reactions)?.[1] ?? ''
  return said === '' ? '' : `\`${said}\``
}

const places = (files: readonly string[]): string =>
  files.map((file) => `[${file.slice('src/'.length)}](../${file})`).join(', ')
