/**
 * House style as a test: what a reviewer would otherwise say by hand. A breach names the file, the line
 * and what to do about it. Layout is prettier's job, types are the compiler's, promises are the linter's.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { filesIn, readSource, repository, type SourceFile } from '../../scripts/source-tree.ts'

/** Lines; a file that passes it is asking to be two. */
const fileLengthLimit = 400
/** Files allowed past the limit, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {}

const sources = filesIn('src', '.ts').map(readSource)
const tests = filesIn('test', '.ts').map(readSource)
const tools = [...filesIn('bench', '.ts'), ...filesIn('scripts', '.ts'), 'vitest.config.ts'].map(readSource)
const everything = [...sources, ...tests, ...tools]

type Rule = readonly [pattern: RegExp, remedy: string]

/** Breaches of line rules, in the part of each file the rule is about. */
function breaches(files: readonly SourceFile[], part: 'text' | 'code', rules: readonly Rule[]): string[] {
  return files.flatMap((file) =>
    file[part]
      .split('\n')
      .flatMap((line, index) =>
        rules
          .filter(([pattern]) => pattern.test(line))
          .map(([, remedy]) => `${file.path}:${index + 1}: ${remedy}: ${file.text.split('\n')[index]?.trim()}`),
      ),
  )
}

it('no file is longer than it should be', () => {
  const long = everything
    .map(({ path: file, text }) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > fileLengthLimit && longFiles[file] === undefined)
    .map(({ file, lines }) => `${file} has ${lines} lines, more than ${fileLengthLimit}: cut it along its concepts`)
  expect(long).toEqual([])
})

it('every source file begins with what it owns', () => {
  const bare = [...sources, ...tools]
    .filter(({ text }) => !/^(?:#!.*\n)?\/\*\*[\s\S]{20,}?\*\//.test(text))
    .map(({ path: file }) => `${file}: begin with a comment of 2–6 lines: what it owns, what it refuses to know`)
  expect(bare).toEqual([])
})

it('nothing is left for later and no check is switched off', () => {
  expect(
    breaches(everything, 'text', [
      [/\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/, 'do it now or write down why not in docs/decisions'],
      [/@ts-(?:ignore|expect-error|nocheck)/, 'give the compiler the type it lacks'],
      [/(?:eslint|oxlint)-disable(?!.* -- )/, 'name the reason behind the rule: `-- because …`'],
    ]),
  ).toEqual([])
  expect(
    breaches(everything, 'code', [
      [/\bas\s+any\b/, 'narrow from unknown instead'],
      [/\b(?:it|test|describe)\.(?:only|skip|todo)\b/, 'run it, or skip at run time with a reason: context.skip(…)'],
    ]),
  ).toEqual([])
})

it('no error is swallowed and none is anonymous', () => {
  const swallowed = everything
    .filter(({ text }) => /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}/.test(text))
    .map(({ path: file }) => `${file}: an empty catch: handle the error, or narrow the try until none is possible`)
  const anonymous = breaches(
    sources.filter(({ path: file }) => !/^src\/(?:cli|device)\//.test(file)),
    'code',
    [[/\bnew Error\s*\(/, 'throw one of the families of base/errors.ts, or return a fault']],
  )
  expect([...swallowed, ...anonymous]).toEqual([])
})

it('no test waits for a clock where time is an argument', () => {
  const inVirtualTime = tests.filter(({ path: file }) => /^test\/(?:unit|property|vectors|lockstep|sim)\//.test(file))
  expect(
    breaches(inVirtualTime, 'code', [
      [/\bsetTimeout\s*\(/, 'hand in a later `now`; for real IO, wait for the event itself'],
    ]),
  ).toEqual([])
})

it('names follow the house', () => {
  const kebab = /^\.?[a-z0-9]+(?:[.-][a-z0-9]+)*$/
  const odd = ['src', 'test', 'bench', 'scripts', 'docs', 'bin']
    .flatMap((folder) => filesIn(folder))
    .filter((file) => !file.split('/').every((segment) => segment === 'README.md' || kebab.test(segment)))
    .map((file) => `${file}: file and folder names are kebab-case`)
  const prefixed = breaches(sources, 'code', [
    [
      /\bfunction\s+get[A-Z]|\bconst\s+get[A-Z]\w*\s*=|^\s+(?:async\s+)?get[A-Z]\w*\s*\(.*\{$/,
      'no `get` prefix: name the thing',
    ],
  ])
  expect([...odd, ...prefixed]).toEqual([])
})

it('no tracked text names a path of somebody’s machine', () => {
  const machinePath = /(?:^|[^\w.@-])\/(?:[w]ork|[f]arm|[r]oot|[t]mp|[h]ome\/\w+)\//
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: repository,
    encoding: 'utf8',
  })
  const found = tracked
    .split('\0')
    .filter((file) => /\.(?:ts|cjs|js|json|md|sql|c|h|yaml|yml|sh)$|^\.ci\//.test(file) && file !== 'package-lock.json')
    .flatMap((file) => {
      const lines = readFileSync(path.join(repository, file), 'utf8').split('\n')
      return lines.flatMap((line, index) =>
        machinePath.test(line) ? [`${file}:${index + 1}: a machine's path: ${line.trim()}`] : [],
      )
    })
  expect(found).toEqual([])
})

it('decisions are numbered without a gap', () => {
  const pages = filesIn('docs/decisions', '.md').map((file) => path.basename(file))
  expect(pages.map((page) => Number(page.slice(0, 4)))).toEqual(pages.map((_, index) => index + 1))
})
