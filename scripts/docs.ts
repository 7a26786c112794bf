/**
 * `npm run docs`: writes the pages that are made from the source. The law test compares them, so that a
 * page and the code it speaks of change together.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pages } from './docs/pages.ts'
import { repository } from './source-tree.ts'

for (const [file, text] of Object.entries(pages)) {
  writeFileSync(path.join(repository, file), text())
  console.log(file)
}
