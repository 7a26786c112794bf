/**
 * docs/spec-map.md: from a section of a standard to the code that obeys it and the tests that hold it, as
 * the comments, strings and test titles cite them. Names declarations, not line numbers: those stay true.
 */
import { filesIn, readSource, type SourceFile } from '../source-tree.ts'
import { page, table } from './markdown.ts'

const titles: Readonly<Record<string, string>> = {
  'RFC 4279': 'PSK for TLS',
  'RFC 5246': 'TLS 1.2',
  'RFC 6347': 'DTLS 1.2',
  'RFC 6690': 'CoRE link format',
  'RFC 7252': 'CoAP',
  'RFC 7641': 'Observe',
  'RFC 7925': 'TLS and DTLS profiles for the Internet of Things',
  'RFC 7959': 'Block-wise transfers',
  'RFC 8132': 'FETCH and PATCH',
  'RFC 8428': 'SenML',
  'RFC 8949': 'CBOR',
  'RFC 9146': 'Connection identifier for DTLS 1.2',
  'RFC 9175': 'Echo, Request-Tag and token processing',
  'RFC 9457': 'Problem details for HTTP',
}

interface Citation {
  readonly document: string
  readonly section: string
  readonly offset: number
}

export function specMapPage(): string {
  const cited = new Map<string, Map<string, { code: Set<string>; tests: Set<string> }>>()
  const note = (source: SourceFile, kind: 'code' | 'tests', label: (offset: number) => string): void => {
    for (const { document, section, offset } of citationsIn(source.text)) {
      const sections = cited.get(document) ?? new Map<string, { code: Set<string>; tests: Set<string> }>()
      const entry = sections.get(section) ?? { code: new Set(), tests: new Set() }
      entry[kind].add(label(offset))
      sections.set(section, entry)
      cited.set(document, sections)
    }
  }
  for (const source of filesIn('src', '.ts').map(readSource)) {
    note(source, 'code', (offset) => joined(place(source), declarationAt(source, offset)))
  }
  for (const source of filesIn('test', '.test.ts')
    .filter((file) => !file.startsWith('test/law/'))
    .map(readSource)) {
    note(source, 'tests', (offset) => joined(place(source), titleAt(source.text, offset)))
  }
  const documents = [...cited.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return page(
    'Where the standards live in the code',
    'A section is listed where a comment, a string or the title of a test cites it.',
    ...documents.map((document) => {
      const sections = [...(cited.get(document) ?? [])].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      const title = titles[document] === undefined ? document : `${document} — ${titles[document]}`
      return `## ${title}\n\n${table(
        ['section', 'code', 'tests'],
        sections.map(([section, { code, tests }]) => [`§${section}`, listed(code), listed(tests)]),
      )}`
    }),
  )
}

const document = String.raw`(?:RFC \d{3,5}|LwM2M (?:Core |Transport )?1\.\d(?:\.\d)?)`
const first = new RegExp(String.raw`(${document})[,:]? §§?(\d+(?:\.\d+)*)`, 'g')
const further = /^(?:, | and |, and |–|-)§?(\d+(?:\.\d+)*)(?![\d\w])/

/** `RFC 7252 §4.5, §4.8.2` cites two sections, also where the line wraps within a comment. */
export function citationsIn(text: string): Citation[] {
  // A line break inside a comment, with its star or slashes, counts as one space; offsets stay.
  const flat = text.replaceAll(/\n\s*(?:\*|\/\/)? ?/g, (wrap) => ' '.padEnd(wrap.length, '\u0000'))
  const dense: number[] = []
  let line = ''
  for (let at = 0; at < flat.length; at++) {
    if (flat[at] === '\u0000') continue
    line += flat[at]
    dense.push(at)
  }
  return [...line.matchAll(first)].flatMap((match) => {
    const name = match[1] ?? ''
    const offset = dense[match.index] ?? 0
    const found: Citation[] = [{ document: name, section: match[2] ?? '', offset }]
    let rest = line.slice(match.index + match[0].length)
    for (let more = further.exec(rest); more !== null; more = further.exec(rest)) {
      if (!more[0].includes('§') && !(more[1] ?? '').includes('.')) break
      found.push({ document: name, section: more[1] ?? '', offset })
      rest = rest.slice(more[0].length)
    }
    return found
  })
}

const declaration =
  /^(?:export )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let) (\w+)/
const member = /^ {2}(?:(?:static|readonly|override|async|get|set) )*(#?\w+|'[^']+')\??(?:[<(:]| =)/
const holdsMembers = /^(?:export )?(?:abstract )?(?:class|interface|type|const) /

/** `LruMap.use` for a place inside that method or in the comment above it; '' for the head of a file. */
export function declarationAt(source: SourceFile, offset: number): string {
  const lines = source.withoutComments.split('\n')
  let at = source.text.slice(0, offset).split('\n').length - 1
  while (at < lines.length && lines[at]?.trim() === '') at++
  const here = lines[at] ?? ''
  if (/^(?:import|export \{)/.test(here)) return ''
  let inner = ''
  for (; at >= 0; at--) {
    const line = lines[at] ?? ''
    if (inner === '') inner = member.exec(line)?.[1]?.replaceAll("'", '') ?? ''
    const outer = declaration.exec(line)?.[1]
    if (outer === undefined) continue
    return inner !== '' && line !== here && holdsMembers.test(line) ? `${outer}.${inner}` : outer
  }
  return ''
}

/** The title of the test an offset is in, above or beside; '' where it is in none. */
function titleAt(text: string, offset: number): string {
  const tests = [...text.matchAll(/\b(?:it|test)(?:\.\w+)?\s*\([\s\S]*?(['"`])(.*?)\1/g)]
  const within = tests.findLast((match) => match.index <= offset)
  return within?.[2] ?? ''
}

const place = ({ path }: SourceFile): string => `[${path.replace(/^(?:src|test)\//, '')}](../${path})`
const joined = (where: string, what: string): string => (what === '' ? where : `${where} \`${what}\``)
const listed = (places: ReadonlySet<string>): string => [...places].sort().join('<br>')
