/** The law tests are only as good as their reading of the source: that reading, on hard lines. */
import { expect, it } from 'vitest'
import { importsOf, masked, type SourceFile } from '../../scripts/source-tree.ts'

const source = (text: string): SourceFile => ({ path: 'src/room/file.ts', text, ...masked(text) })

it.each([
  ['const a = 1 // Date.now', 'const a = 1            '],
  ['/* a\n b */ c', '    \n      c'],
  ["f('a\\'b // c') + d", "f('         ') + d"],
  ['`a ${b + `c${d}`} e`', '`  ${b + ` ${d}`}  `'],
  ['`${ { a: {} } }`', '`${ { a: {} } }`'],
  ['x.replace(/[\'"/[/]]/, y) // z', 'x.replace(/        /, y)     '],
  ['a / b / c', 'a / b / c'],
  ['return /a"b/.test(c)', 'return /   /.test(c)'],
])('blanks what is not code in %s', (text, code) => {
  expect(masked(text).code).toBe(code)
})

it('keeps every line where it was', () => {
  const text = 'a\n/* b\n\n*/ `c\n${d}\n` // e\n'
  expect(masked(text).code.split('\n')).toHaveLength(text.split('\n').length)
})

it('finds every way to import and no talk about it', () => {
  const text = `import a from './a.ts'
import type { B } from "./b.ts"
import {
  c,
  type D,
} from './c.ts'
import './d.ts'
export { e } from './e.ts'
export * as f from './f.ts'
const g = await import('./g.ts')
// import h from './h.ts'
const i = "import x from './i.ts'"
export const j = 'from'
type K = import('./k.ts').K
export type { L } from './l.ts'
`
  expect(importsOf(source(text)).map(({ specifier, line }) => `${specifier}:${line}`)).toEqual([
    './a.ts:1',
    './b.ts:2',
    './c.ts:3',
    './d.ts:7',
    './e.ts:8',
    './f.ts:9',
    './g.ts:10',
    './k.ts:14',
    './l.ts:15',
  ])
})
