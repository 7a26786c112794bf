/**
 * What devices do with object 5, edge by edge: the transition table of the object definition from the server's
 * side, and the ways clients are known to differ from it.
 */
import { expect, test } from 'vitest'
import { after, minutes } from '../../../../src/base/time.ts'
import { newUpdate, step, type FirmwareInput } from '../../../../src/fleet/firmware/rules.ts'
import type { FirmwareUpdate, UpdateOptions } from '../../../../src/fleet/firmware/types.ts'
import { at, device, start } from '../fixtures.ts'
import { block, ended, image, registered, report, rules, wordsOf } from './fixtures.ts'

const old = report({ firmwareVersion: '1.0.0' })
const current = report({ firmwareVersion: '2.0.0' })
const idle = report({ state: 0, result: 0, delivery: 2 })
const offered = [registered('r1'), old, idle, ended('offer', 'acknowledged')]
const downloading = [...offered, report({ state: 1, result: 0 })]
const downloaded = [...downloading, report({ state: 2, result: 0 })]
const updating = [...downloaded, ended('install', 'acknowledged')]
const back = [...updating, registered('r2')]

/** The update at the end, and what the last input had asked of the device. */
function run(inputs: readonly FirmwareInput[], options?: UpdateOptions): { update: FirmwareUpdate; asked: string } {
  let update = newUpdate(1, device, { image, ...(options !== undefined && { options }) }, start)
  let asked = ''
  inputs.forEach((input, second) => {
    const taken = step(update, input, at(second), rules)
    update = taken.next
    asked = wordsOf(taken.actions)
  })
  return { update, asked }
}

type Row = readonly [what: string, inputs: readonly FirmwareInput[], state: string, asked: string]

// prettier-ignore
const table: readonly Row[] = [
  // The transition table of the object definition.
  ['Idle → Downloading at once, though the fetch comes later', downloading, 'downloading', ''],
  ['Idle stays, Result 9, and the write was 2.04', [...offered, report({ state: 0, result: 9 })], 'failed protocol', 'withdraw'],
  ['Idle stays, Result 7, and the write was 2.04', [...offered, report({ state: 0, result: 7 })], 'failed uri', 'withdraw'],
  ['an empty URI leaves Idle, and the offer follows', [registered('r1'), report({ state: 1 }), ended('reset', 'acknowledged'), idle], 'pending', 'offer'],
  ['Downloading → Downloaded', downloaded, 'downloaded', 'install'],
  ...([[2, 'no-flash'], [5, 'integrity'], [6, 'package-type'], [7, 'uri'], [9, 'protocol'], [10, 'cancelled-on-device']] as const)
    .map(([result, failure]): Row => [`Downloading → Idle, Result ${result}`, [...downloading, report({ state: 0, result })], `failed ${failure}`, 'withdraw']),
  ...[3, 4].map((result): Row => [`Downloading → Idle, Result ${result}: later again`, [...downloading, report({ state: 0, result })], 'pending', '']),
  ['Downloading → Idle, Result 0, by somebody’s reset: at once again', [...downloading, report({ state: 0, result: 0 })], 'pending', 'offer'],
  ['Downloading refuses another URI (4.00)', [registered('r1'), idle, ended('offer', 'rejected')], 'failed offer-refused', 'withdraw'],
  ['Downloaded → Updating', [...downloaded, report({ state: 3, result: 0 })], 'updating', ''],
  ['Downloaded stays, Result 11: deferred', [...downloaded, ended('install', 'acknowledged'), report({ state: 2, result: 11 })], 'downloaded', ''],
  ['Downloaded → Idle, Result 10: cancelled there', [...downloaded, report({ state: 0, result: 10 })], 'failed cancelled-on-device', 'withdraw'],
  ['Downloaded → Idle, Result 0: it has lost the image', [...downloaded, report({ state: 0, result: 0 })], 'pending', 'offer'],
  ['Updating → Idle, Result 1', [...back, report({ state: 0, result: 1 }), current], 'confirmed', 'withdraw'],
  ['Updating → Idle, Result 8', [...updating, report({ state: 0, result: 8 })], 'failed install-failed', 'withdraw'],
  ['Updating → Downloaded, Result 8', [...updating, report({ state: 2, result: 8 })], 'failed install-failed', 'withdraw'],
  ['Updating → Idle, Result 5', [...updating, report({ state: 0, result: 5 })], 'failed integrity', 'withdraw'],
  ['Updating takes no Cancel', [...updating, { input: 'cancel' }], 'updating', ''],
  // What clients are known for.
  ['notifications lost: the registration finds Downloaded', [...downloading, registered('r2'), report({ state: 2, result: 0 })], 'downloaded', 'install'],
  ['the Package URI is erased after the download', [...downloaded, report({ packageUri: '' })], 'downloaded', ''],
  ['Result 0 in Idle while it updates is no success', [...updating, report({ state: 0, result: 0 })], 'updating', ''],
  ['Result 1 without the version is no success', [...back, report({ state: 0, result: 1 })], 'updating', 'read /3/0/3'],
  ['a version that only contains the new one is another', [...back, report({ firmwareVersion: '12.0.0' }), report({ state: 0, result: 1 })], 'failed reverted', 'withdraw'],
  ['the old version with Result 1 is a revert', [...back, old, report({ state: 0, result: 1 })], 'failed reverted', 'withdraw'],
  ['4.05 to Update, and it installs all the same', [...downloaded, ended('install', 'rejected'), report({ state: 3, result: 0 })], 'updating', ''],
  ['Update unanswered: an old State alone repeats nothing', [...downloaded, ended('install', 'outcome-unknown'), report({ state: 2 })], 'downloaded', ''],
  ['Update unanswered: State and Result together do', [...downloaded, ended('install', 'outcome-unknown'), report({ state: 2, result: 0 })], 'downloaded', 'install'],
  ['Update unanswered, and tried: Result 8', [...downloaded, ended('install', 'outcome-unknown'), report({ state: 2, result: 8 })], 'failed install-failed', 'withdraw'],
  ['State 2 again and again asks for one Update', [...downloaded, report({ state: 2 }), report({ state: 2, result: 0 })], 'downloaded', ''],
  ['it installs by itself after the download (/5/0/14)', [...downloading, report({ state: 3 })], 'updating', ''],
  ['it is back before we saw it install', [...downloading, registered('r2'), current], 'confirmed', 'withdraw'],
  ['it downloads ours already when the URI could not be written', [registered('r1'), old, idle, ended('offer', 'outcome-unknown'), report({ state: 1, result: 0, packageUri: rules.packageUri })], 'downloading', ''],
  ['it fetches before it answers the offer', [registered('r1'), old, idle, block(0)], 'downloading', ''],
  ['a Result of an earlier update in Idle is nobody’s', [registered('r1'), old, report({ state: 0, result: 8 })], 'pending', 'offer'],
  ['a State nobody knows is waited out', [...downloading, report({ state: 7, result: 0 })], 'downloading', ''],
]

test.each(table)('%s', (_, inputs, state, asked) => {
  const { update, asked: last } = run(inputs)
  expect(`${update.state}${update.failure === undefined ? '' : ` ${update.failure}`}`).toBe(state)
  expect(last).toBe(asked)
})

test('a URI it cannot use is named in the reason', () => {
  expect(run([...offered, report({ state: 0, result: 7 })]).update.reason).toBe(
    `the device cannot use the package URI ${rules.packageUri}: it cannot parse it, or finds nothing there`,
  )
})

test.each([
  [9, 'failed'],
  [11, 'pending'],
])('lost its connection with %i minutes left, and the next attempt would be in ten: %s', (left, state) => {
  const lost = [...downloading, report({ state: 0, result: 4 })]
  const { update } = run(lost, { givenUpAt: after(start, minutes(left)) })
  expect(update.state).toBe(state)
})
