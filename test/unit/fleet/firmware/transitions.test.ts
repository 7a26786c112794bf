/**
 * Every input in every state. A cell is the state after it (`=` nothing changed, `·` the same state, `!` an
 * attempt was spent) and what is asked of the device.
 */
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../../../src/base/time.ts'
import { isCancellable, isFinished, step, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import { at } from '../fixtures.ts'
import { block, ended, pushedBlock, registered, report, rules, updates, wordsOf } from './fixtures.ts'

const states = ['pending', 'offered', 'downloading', 'downloaded', 'updating', 'proving', 'cancelling'] as const

type Row = readonly [input: FirmwareInput, ...cells: string[]]

// prettier-ignore
const table: readonly Row[] = [
  //                                                      pending, offered, downloading, downloaded, updating, proving, cancelling
  [registered('r2'), '· read /3/0/3, read /5/0, observe /5/0/3, observe /5/0/5', '· read /3/0/3, read /5/0', '· read /3/0/3, read /5/0', '· read /3/0/3, read /5/0', '· read /3/0/3, read /5/0', '· read /3/0/3, read /5/0', '· read /3/0/3, read /5/0'],
  [report({ state: 0 }), '· offer', '· read /5/0', '· read /5/0', '· read /5/0', '· read /5/0', '·', 'cancelled withdraw'],
  [report({ state: 1 }), '· reset', 'downloading', '·', 'downloading!', 'downloading!', '·', '· reset'],
  [report({ state: 2 }), '· reset', 'downloaded install', 'downloaded install', '· install', '·', '·', '· reset'],
  [report({ state: 3 }), '·', 'updating', 'updating', 'updating', '·', '·', 'updating'],
  [report({ state: 9 }), '·', '·', '·', '·', '·', '·', '·'],
  [report({ result: 0 }), '·', '·', '·', '·', '·', '·', '·'],
  [report({ result: 5 }), '·', '· read /5/0', '· read /5/0', '· read /5/0', '· read /5/0', '·', '·'],
  [report({ state: 0, result: 0 }), '· offer', '·', 'pending! offer', 'pending! offer', '·', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 1 }), '· offer', '·', 'pending! offer', 'pending! offer', '·', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 4 }), '· offer', 'pending!', 'pending!', 'pending!', 'failed withdraw', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 5 }), '· offer', 'failed withdraw', 'failed withdraw', 'failed withdraw', 'failed withdraw', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 8 }), '· offer', 'failed withdraw', 'failed withdraw', 'failed withdraw', 'failed withdraw', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 10 }), '· offer', 'failed withdraw', 'failed withdraw', 'failed withdraw', 'failed withdraw', '·', 'cancelled withdraw'],
  [report({ state: 0, result: 11 }), '· offer', '·', '·', '·', '·', '·', 'cancelled withdraw'],
  [report({ state: 1, result: 0 }), '· reset', 'downloading', '·', 'downloading!', 'downloading!', '·', '· reset'],
  [report({ state: 2, result: 0 }), '· reset', 'downloaded install', 'downloaded install', '· install', '·', '·', '· reset'],
  [report({ state: 2, result: 8 }), '· reset', 'downloaded install', 'downloaded install', '· install', 'failed withdraw', '·', '· reset'],
  [report({ state: 2, result: 11 }), '· reset', 'downloaded install', 'downloaded install', '·', 'downloaded', '·', '· reset'],
  [report({ state: 3, result: 0 }), '·', 'updating', 'updating', 'updating', '·', '·', 'updating'],
  [report({ firmwareVersion: '2.0.0' }), 'confirmed withdraw', '·', '·', '·', '·', '·', '·'],
  [report({ firmwareVersion: '1.0.0' }), '·', '·', '·', '·', '·', 'failed withdraw', '·'],
  [report({ packageVersion: '2.0.0' }), '·', '·', '·', '·', '·', '·', '·'],
  [block(0), 'downloading', 'downloading', '·', '=', '=', '=', '='],
  [block(1536), 'downloading read /5/0', 'downloading read /5/0', '· read /5/0', '=', '=', '=', '='],
  [ended('offer', 'acknowledged'), 'offered', '=', '=', '=', '=', '=', '='],
  [ended('offer', 'rejected'), 'failed withdraw', '=', '=', '=', '=', '=', '='],
  [ended('offer', 'undecodable'), '·! read /5/0', '=', '=', '=', '=', '=', '='],
  [ended('offer', 'expired'), '·! read /5/0', '=', '=', '=', '=', '=', '='],
  [ended('offer', 'outcome-unknown'), '·! read /5/0', '=', '=', '=', '=', '=', '='],
  [ended('offer', 'cancelled'), '=', '=', '=', '=', '=', '=', '='],
  [ended('reset', 'acknowledged'), '·! read /5/0', '=', '=', '=', '=', '=', 'cancelled withdraw'],
  [ended('reset', 'rejected'), 'failed withdraw', '=', '=', '=', '=', '=', '· read /5/0'],
  [ended('reset', 'undecodable'), '·! reset', '=', '=', '=', '=', '=', '= read /5/0'],
  [ended('reset', 'expired'), '·! reset', '=', '=', '=', '=', '=', '= read /5/0'],
  [ended('reset', 'outcome-unknown'), '·! reset', '=', '=', '=', '=', '=', '= read /5/0'],
  [ended('reset', 'cancelled'), '=', '=', '=', '=', '=', '=', '='],
  [ended('install', 'acknowledged'), '=', '=', '=', 'updating', '=', '=', '='],
  [ended('install', 'rejected'), '=', '=', '=', '·! read /5/0', '=', '=', '='],
  [ended('install', 'undecodable'), '=', '=', '=', '·! read /5/0', '=', '=', '='],
  [ended('install', 'expired'), '=', '=', '=', '·! read /5/0', '=', '=', '='],
  [ended('install', 'outcome-unknown'), '=', '=', '=', '·! read /5/0', '=', '=', '='],
  [ended('install', 'cancelled'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /5/0', 'acknowledged'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /5/0', 'rejected'), 'failed withdraw', '=', '=', '=', '=', '=', '='],
  [ended('read /5/0', 'undecodable'), 'failed withdraw', '=', '=', '=', '=', '=', '='],
  [ended('read /5/0', 'expired'), '·! read /5/0', '·! read /5/0', '·! read /5/0', '·! read /5/0', '= read /5/0', '= read /5/0', '= read /5/0'],
  [ended('read /5/0', 'outcome-unknown'), '·! read /5/0', '·! read /5/0', '·! read /5/0', '·! read /5/0', '= read /5/0', '= read /5/0', '= read /5/0'],
  [ended('read /5/0', 'cancelled'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /3/0/3', 'acknowledged'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /3/0/3', 'rejected'), '·', '·', '·', '·', '·', '·', '·'],
  [ended('read /3/0/3', 'undecodable'), '·', '·', '·', '·', '·', '·', '·'],
  [ended('read /3/0/3', 'expired'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /3/0/3', 'outcome-unknown'), '=', '=', '=', '=', '=', '=', '='],
  [ended('read /3/0/3', 'cancelled'), '=', '=', '=', '=', '=', '=', '='],
  [ended('observe', 'rejected'), '=', '=', '=', '=', '=', '=', '='],
  [{ input: 'cancel' }, 'cancelled withdraw', 'cancelling withdraw, reset', 'cancelling withdraw, reset', 'cancelling withdraw, reset', '=', '=', '='],
  [{ input: 'tick' }, '=', '=', '=', '=', '=', '=', '='],
  [{ input: 'heard' }, '=', '=', '=', '=', '=', '=', '='],
  [{ input: 'gone' }, 'gone withdraw', 'gone withdraw', 'gone withdraw', 'gone withdraw', 'gone withdraw', 'gone withdraw', 'gone withdraw'],
  [{ input: 'superseded' }, '=', '=', '=', '=', '=', '=', 'cancelled withdraw'],
  [ended('push', 'acknowledged'), 'offered read /5/0', '· read /5/0', '· read /5/0', '=', '=', '=', '='],
  [ended('nul', 'acknowledged'), '·! read /5/0', '=', '=', '=', '=', '=', 'cancelled withdraw'],
  [ended('cancel', 'acknowledged'), '·! read /5/0', '=', '=', '=', '=', '=', 'cancelled withdraw'],
  [ended('push', 'rejected'), 'failed withdraw', 'failed withdraw', 'pending! read /3/0/3, read /5/0', '=', '=', '=', '='],
  [ended('nul', 'rejected'), 'failed withdraw', '=', '=', '=', '=', '=', '· read /5/0'],
  [ended('cancel', 'rejected'), 'failed withdraw', '=', '=', '=', '=', '=', '= reset'],
  [ended('push', 'expired'), '·!', 'pending!', 'pending!', '=', '=', '=', '='],
  [ended('nul', 'expired'), '·! reset', '=', '=', '=', '=', '=', '= read /5/0'],
  [ended('cancel', 'expired'), '·! reset', '=', '=', '=', '=', '=', '= reset'],
  [pushedBlock(512), 'downloading', 'downloading', '·', '=', '=', '=', '='],
  [report({ state: 0, packageUri: rules.packageUri }), '· offer', '· read /5/0', '· read /5/0', '· read /5/0', '· read /5/0', '·', 'cancelled withdraw'],
  [report({ state: 1, packageUri: rules.packageUri }), '· reset', 'downloading', '·', 'downloading!', 'downloading!', '·', '· reset'],
]

function cellOf(state: (typeof states)[number], input: FirmwareInput, now: Instant): string {
  const before = updates[state]
  const { next, actions } = step(before, input, now, rules)
  const place = next === before ? '=' : next.state === state ? '·' : next.state
  const asked = wordsOf(actions)
  return `${place}${next.attempts === undefined ? '' : '!'}${asked === '' ? '' : ` ${asked}`}`
}

const ends = {
  pending: '=',
  offered: 'failed withdraw',
  downloading: 'failed withdraw',
  downloaded: 'failed withdraw',
  updating: 'failed withdraw',
  proving: 'confirmed withdraw',
  cancelling: 'cancelled withdraw',
} as const

describe.each(states.map((state, column) => ({ state, column })))('$state', ({ state, column }) => {
  test.each(table.map(([input, ...cells]) => ({ name: JSON.stringify(input), input, cells })))(
    '$name',
    ({ input, cells }) => {
      expect(cellOf(state, input, at(10))).toBe(cells[column])
    },
  )

  test('when its time is over', () => {
    expect(cellOf(state, { input: 'tick' }, at(1000))).toBe(ends[state])
  })
})

describe.each(['confirmed', 'failed', 'cancelled', 'gone'] as const)('%s', (state) => {
  test('takes every input and changes nothing', () => {
    for (const [input] of table) {
      const { next, actions } = step(updates[state], input, at(5000), rules)
      expect(next).toBe(updates[state])
      expect(actions).toEqual([])
    }
    expect(isFinished(updates[state])).toBe(true)
    expect(isCancellable(updates[state])).toBe(false)
  })
})

test('what is not finished can be cancelled until the device was told to install', () => {
  expect(states.map((state) => isCancellable(updates[state]))).toEqual([true, true, true, true, false, false, true])
})
