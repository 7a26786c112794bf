import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import {
  comparePaths,
  formatPath,
  isWithin,
  levelOf,
  parsePath,
  samePath,
  type Level,
  type Path,
} from '../../../src/lwm2m/path.ts'

describe('parsing a path', () => {
  it.each<[text: string, path: Path, level: Level]>([
    ['/', [], 'root'],
    ['', [], 'root'],
    ['/3', [3], 'object'],
    ['/3/0', [3, 0], 'instance'],
    ['3/0/14', [3, 0, 14], 'resource'],
    ['/3/0/14/', [3, 0, 14], 'resource'],
    ['/3/0/7/65534', [3, 0, 7, 65534], 'resource-instance'],
  ])('%s', (text, path, level) => {
    const parsed = parsePath(text)
    expect(parsed).toEqual(path)
    expect(levelOf(path)).toBe(level)
    expect(parsePath(formatPath(path))).toEqual(path)
  })

  it.each(['/3/0/7/1/2', '//3', '/3//0', '/-1', '/65535', '/99999999', '/03', '/3.0', '/ 3', '/x', '/3/0x10'])(
    'refuses %s',
    (text) => {
      expect(isFault(parsePath(text))).toBe(true)
    },
  )

  it('shows a peer’s text only as far as it is printable', () => {
    expect(parsePath('/\u0000\u001b[31m')).toMatchObject({ detail: "'??[31m' is not an id from 0 to 65534" })
  })
})

it.each<[base: Path, path: Path, within: boolean]>([
  [[], [3, 0], true],
  [[3], [3, 0, 1], true],
  [[3, 0], [3, 0], true],
  [[3, 0, 1], [3, 0], false],
  [[3, 1], [3, 0, 1], false],
])('%j contains %j: %s', (base, path, within) => {
  expect(isWithin(base, path)).toBe(within)
})

it('sorts a container before what it holds, and ids as numbers', () => {
  const sorted: Path[] = [[10], [3, 0, 10], [3], [3, 0, 9], [3, 0], [3, 0, 9, 1]]
  sorted.sort(comparePaths)
  expect(sorted.map(formatPath)).toEqual(['/3', '/3/0', '/3/0/9', '/3/0/9/1', '/3/0/10', '/10'])
  expect(samePath([3, 0], [3, 0]) && !samePath([3, 0], [3])).toBe(true)
})
