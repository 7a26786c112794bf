/** Comma-separated values as they come out of factories, spreadsheets and scripts. */
import { expect, it } from 'vitest'
import { csvRecords, tagsOf } from '../../../../src/fleet/credentials/csv.ts'

it.each<[string, string, [number, ...string[]][]]>([
  [
    'plain rows',
    'a,b\nc,d\n',
    [
      [1, 'a', 'b'],
      [2, 'c', 'd'],
    ],
  ],
  ['no newline at the end', 'a,b', [[1, 'a', 'b']]],
  [
    'carriage returns',
    'a,b\r\nc,d\r\n',
    [
      [1, 'a', 'b'],
      [2, 'c', 'd'],
    ],
  ],
  ['a byte order mark', '\ufeffa,b', [[1, 'a', 'b']]],
  ['blanks around cells', ' a , b ', [[1, 'a', 'b']]],
  [
    'empty lines and rows of commas',
    'a,b\n\n,,\n \nc,d',
    [
      [1, 'a', 'b'],
      [5, 'c', 'd'],
    ],
  ],
  ['quotes', '"a,1","b ""x"""', [[1, 'a,1', 'b "x"']]],
  [
    'a newline in quotes, and the line after it',
    '"a\nb",c\nd,e',
    [
      [1, 'a\nb', 'c'],
      [3, 'd', 'e'],
    ],
  ],
  ['blanks in and around quotes', ' " a " ,b', [[1, ' a ', 'b']]],
  ['an empty quoted cell', '"",b', [[1, '', 'b']]],
  ['a quote in the middle of a cell', 'a"b,c', [[1, 'a"b', 'c']]],
  ['nothing', '', []],
])('reads %s', (_what, text, records) => {
  expect(csvRecords(text)).toEqual(records.map(([line, ...cells]) => ({ line, cells })))
})

it('names the line of a quote that never ends', () => {
  expect(csvRecords('a,b\nc,"d\ne,f\n')).toBe(2)
})

it.each<[string, Record<string, string> | undefined]>([
  ['', {}],
  ['site=berlin', { site: 'berlin' }],
  ['site=berlin; floor=3 ;', { site: 'berlin', floor: '3' }],
  ['url=a=b', { url: 'a=b' }],
  ['site', undefined],
  ['=x', undefined],
])('tags %j', (cell, tags) => {
  expect(tagsOf(cell)).toEqual(tags)
})
