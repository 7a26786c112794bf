/** Every line of docs/scenarios.md names a test that is there. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { repository } from '../../scripts/source-tree.ts'

const page = readFileSync(path.join(repository, 'docs/scenarios.md'), 'utf8')
const rows = page.split('\n').flatMap((line) => {
  const [, scenario, file, title] = /^\| (.*?) +\| `(.*?)` +\| (.*?) *\|$/.exec(line) ?? []
  return scenario === undefined ? [] : [{ scenario, file: file!, title: title! }]
})

it('the page has lines', () => {
  expect(rows.length).toBeGreaterThan(150)
})

it('every scenario is tested by a test with that title', () => {
  const missing = rows.filter(({ file, title }) => {
    const test = path.join(repository, `test/${file}.test.ts`)
    return !existsSync(test) || !readFileSync(test, 'utf8').includes(title)
  })
  expect(missing).toEqual([])
})
