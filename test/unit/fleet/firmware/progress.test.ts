/** Which blocks of a download are only counted, and when somebody is to hear how far it has come. */
import { expect, test } from 'vitest'
import { Pull, stepOf } from '../../../../src/fleet/firmware/progress.ts'
import { at } from '../fixtures.ts'
import { updates } from './fixtures.ts'

const size = 51_200
const begun = { ...updates.downloading, size, fetched: 0, changedAt: at(0) }

/** The octets a device had each time its next block was no more than counted, one block after another. */
function told(blocksASecond: number): number[] {
  const heard: number[] = []
  let update = begun
  let pull = new Pull(update)
  for (let offset = 0; offset + 512 < size; offset += 512) {
    const now = at(offset / 512 / blocksASecond)
    if (pull.takes(now, { offset, length: 512, size, blockSize: 512 })) continue
    update = { ...update, fetched: offset + 512, changedAt: now }
    heard.push(update.fetched)
    pull = new Pull(update)
  }
  return heard
}

test('of a download that takes its time every tenth is told', () => {
  expect(told(5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => (tenth * size) / 10))
})

test('of a quick one it is told at the tenth after each second', () => {
  expect(told(25)).toEqual([3, 6, 9].map((tenth) => (tenth * size) / 10))
})

test.each([
  [0, 10, 0],
  [1, 0, 0],
  [15_359, size, 2],
  [15_360, size, 3],
  [size, size, 10],
])('%d octets of %d are %d tenths', (fetched, of, tenths) => {
  expect(stepOf({ fetched, size: of })).toBe(tenths)
})
