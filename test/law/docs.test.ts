/** The generated pages say what the source says; and their reading of the source, on hard lines. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { pages } from '../../scripts/docs/pages.ts'
import { citationsIn, declarationAt } from '../../scripts/docs/spec-map-page.ts'
import { masked, repository } from '../../scripts/source-tree.ts'

it.each(Object.keys(pages))('%s is what `npm run docs` writes', (file) => {
  const written = readFileSync(path.join(repository, file), 'utf8')
  expect(written === pages[file]?.(), `${file} is out of date: run \`npm run docs\` and commit it`).toBe(true)
})

it.each([
  ['RFC 7252 §4.5', ['RFC 7252 §4.5']],
  ['(RFC 7252 §4.5, §4.8.2 and §5)', ['RFC 7252 §4.5', 'RFC 7252 §4.8.2', 'RFC 7252 §5']],
  ['RFC 7959 §2.9.3, LwM2M Core 1.2 §6.2.1', ['RFC 7959 §2.9.3', 'LwM2M Core 1.2 §6.2.1']],
  [' * as RFC\n   * 7641 §3.3 says', ['RFC 7641 §3.3']],
  ['// LwM2M Transport 1.2.1 §6.4, 3 times', ['LwM2M Transport 1.2.1 §6.4']],
  ['RFC 7252 §4.5.', ['RFC 7252 §4.5']],
  ['ARCHITECTURE §2', []],
])('finds the citations of %j', (text, citations) => {
  expect(citationsIn(text).map(({ document, section }) => `${document} §${section}`)).toEqual(citations)
})

it.each([
  ['head of the file', ''],
  ['above a function', 'f'],
  ['in a function', 'f'],
  ['above a class', 'C'],
  ['above a method', 'C.m'],
  ['in a method', 'C.m'],
  ['in a field', 'C.#x'],
  ['in a row', 'rows.a.b'],
])('names the declaration of a citation %s', (where, name) => {
  const text = `/** head of the file */
import { x } from './x.ts'

/** above a function */
export function f(): void {
  const y = x // in a function
}

/** above a class */
export class C {
  #x = 0 // in a field

  /** above a method */
  m(): void {
    g('in a method')
  }
}

const rows = {
  'a.b': { text: 'in a row' },
}
`
  const source = { path: 'src/room/file.ts', text, ...masked(text) }
  expect(declarationAt(source, text.indexOf(where))).toBe(name)
})
