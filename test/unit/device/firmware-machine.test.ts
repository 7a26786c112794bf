/** The object 5 machine, line by line as the object definition's table reads. */
import { describe, expect, it } from 'vitest'
import {
  results,
  states,
  transition,
  type FirmwareEvent,
  type FirmwareState,
} from '../../../src/device/firmware/firmware-machine.ts'

const uri = 'coap://server/fw/1'
const idle: FirmwareState = { state: states.idle, result: results.initial, uri: '' }
const downloading: FirmwareState = { state: states.downloading, result: results.initial, uri }
const downloaded: FirmwareState = { state: states.downloaded, result: results.initial, uri }
const updating: FirmwareState = { state: states.updating, result: results.initial, uri }
const deferred: FirmwareState = { ...downloaded, result: results.deferred }

const writeUri: FirmwareEvent = { kind: 'write-uri', uri, refusal: undefined }
const execute: FirmwareEvent = { kind: 'execute-update', defer: false }

type Row = readonly [
  from: FirmwareState,
  event: FirmwareEvent,
  code: string,
  to: readonly [state: number, result: number],
  effect: string | undefined,
]

const table: readonly Row[] = [
  [idle, writeUri, '2.04', [1, 0], 'fetch'],
  [idle, { kind: 'write-uri', uri: 'http://x/y', refusal: 9 }, '2.04', [0, 9], undefined],
  [idle, { kind: 'write-uri', uri: 'what', refusal: 7 }, '2.04', [0, 7], undefined],
  [{ ...idle, result: results.updateFailed }, writeUri, '2.04', [1, 0], 'fetch'],
  [idle, { kind: 'write-package' }, '2.04', [1, 0], 'receive'],
  [{ ...idle, result: results.success }, { kind: 'reset' }, '2.04', [0, 0], 'discard'],
  [downloading, writeUri, '4.00', [1, 0], undefined],
  [downloaded, writeUri, '4.00', [2, 0], undefined],
  [downloaded, { kind: 'write-package' }, '4.00', [2, 0], undefined],
  [updating, writeUri, '4.05', [3, 0], undefined],
  [updating, { kind: 'reset' }, '4.05', [3, 0], undefined],
  [downloading, { kind: 'reset' }, '2.04', [0, 0], 'discard'],
  [downloaded, { kind: 'reset' }, '2.04', [0, 0], 'discard'],
  [downloading, { kind: 'downloaded' }, '2.04', [2, 0], undefined],
  [downloading, { kind: 'download-failed', result: 4 }, '2.04', [0, 4], 'discard'],
  [idle, execute, '4.05', [0, 0], undefined],
  [downloading, execute, '4.05', [1, 0], undefined],
  [updating, execute, '4.05', [3, 0], undefined],
  [downloaded, execute, '2.04', [3, 0], 'install'],
  [downloaded, { kind: 'execute-update', defer: true }, '2.04', [2, 11], 'defer'],
  [deferred, { kind: 'deferral-over' }, '2.04', [3, 0], 'install'],
  [deferred, execute, '2.04', [3, 0], 'install'],
  [idle, { kind: 'deferral-over' }, '2.04', [0, 0], undefined],
  [downloading, { kind: 'cancel' }, '2.04', [0, 10], 'discard'],
  [downloaded, { kind: 'cancel' }, '2.04', [0, 10], 'discard'],
  [idle, { kind: 'cancel' }, '4.05', [0, 0], undefined],
  [updating, { kind: 'cancel' }, '4.05', [3, 0], undefined],
  [updating, { kind: 'updated' }, '2.04', [0, 1], undefined],
  [updating, { kind: 'update-failed' }, '2.04', [0, 8], 'discard'],
]

const named = table.map((row) => {
  const [from, event, code, [state, result], effect] = row
  const name = `State ${from.state}, Result ${from.result}: ${event.kind} → ${code}, State ${state}, Result ${result}`
  return { name: effect === undefined ? name : `${name}, ${effect}`, row }
})

describe('object 5', () => {
  it.each(named)('$name', ({ row: [from, event, code, [state, result], effect] }) => {
    const { next, code: answered, effect: asked } = transition(from, event)
    expect({ code: answered, state: next.state, result: next.result, effect: asked }).toEqual({
      code,
      state,
      result,
      effect,
    })
  })
})
