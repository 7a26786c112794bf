import { describe, expect, test } from 'vitest'
import {
  isExpired,
  isRepeatable,
  repeatedFor,
  supersededBy,
  transmissionOf,
  waitingFor,
} from '../../../../src/fleet/operations/rules.ts'
import type { Operation, OperationKind } from '../../../../src/fleet/operations/types.ts'
import { at, operation, start } from '../fixtures.ts'

const kinds: readonly [OperationKind, boolean][] = [
  ['read', true],
  ['discover', true],
  ['observe', true],
  ['read-composite', true],
  ['observe-composite', true],
  ['write', false],
  ['write-partial', false],
  ['execute', false],
  ['create', false],
  ['delete', false],
  ['write-attributes', false],
  ['cancel-observe', true],
  ['write-composite', false],
]

test('an operation expires at its deadline, not before', () => {
  expect(isExpired(operation, at(3599.999))).toBe(false)
  expect(isExpired(operation, at(3600))).toBe(true)
})

describe('sent and never answered, an operation', () => {
  const sent = { sentAt: start, messageId: 77, token: 'c0de' }
  test.each(kinds)('of kind %s (repeatable: %s)', (kind, repeatable) => {
    const of: Operation = { ...operation, kind, ...sent }
    const repeat = { way: 'repeat', messageId: 77, token: 'c0de', until: at(147) }
    const later = { way: repeatable ? 'fresh' : 'outcome-unknown' }
    expect(isRepeatable(kind)).toBe(repeatable)
    expect(transmissionOf(of, start)).toEqual(repeat)
    expect(transmissionOf(of, at(146.999))).toEqual(repeat)
    expect(transmissionOf(of, at(147))).toEqual(later)
    expect(transmissionOf(of, at(-1))).toEqual(later)
  })

  test('goes out under a new message id if it never left', () => {
    expect(transmissionOf({ ...operation, kind: 'execute' }, start)).toEqual({ way: 'fresh' })
    expect(repeatedFor).toBe(147_000)
  })
})

describe('a write to /1/0/1', () => {
  const write = (id: number, path: string, more: Partial<Operation> = {}): Operation => ({
    ...operation,
    id,
    kind: 'write',
    path,
    ...more,
  })
  const same = write(1, '/1/0/1')
  test.each([
    ['an older write of the same', [same], 1],
    ['only the newest of several', [same, write(2, '/1/0/1')], 2],
    ['one behind independent writes and reads', [same, write(2, '/1/0/2'), { ...operation, id: 3 }], 1],
    ['whatever order the queue is in', [write(2, '/1/0/2'), same], 1],
    ['one of another priority', [{ ...same, priority: 9 }], 1],
    ['not a write of another path', [write(1, '/1/0/12')], undefined],
    ['not one that was sent', [{ ...same, state: 'sent' }], undefined],
    ['not one that was sent once and waits again', [{ ...same, attempts: 1 }], undefined],
    ['not one of the firmware update', [{ ...same, origin: 'firmware' }], undefined],
    ['not past an execute', [same, { ...operation, id: 2, kind: 'execute', path: '/9/0/4' }], undefined],
    ['not past a write around it', [same, write(2, '/1/0')], undefined],
    ['not past a read of it', [same, { ...operation, id: 2, path: '/1' }], undefined],
    ['not past a composite', [same, { ...operation, id: 2, kind: 'read-composite', path: '/3/0 /4/0' }], undefined],
    ['nothing in an empty queue', [], undefined],
  ] as const)('makes superfluous: %s', (_, open, id) => {
    expect(supersededBy('write', '/1/0/1', open)?.id).toBe(id)
  })

  test.each(['write-partial', 'execute', 'create', 'read'] as const)('is not overtaken by a %s', (kind) => {
    expect(supersededBy(kind, '/1/0/1', [same])).toBeUndefined()
  })
})

test.each([
  ['awake', true, undefined],
  ['awake', false, 'behind-another'],
  ['asleep', true, 'device-asleep'],
  ['overdue', true, 'device-offline'],
  ['offline', false, 'device-offline'],
  ['never-seen', true, 'device-offline'],
  ['quarantined', true, 'device-offline'],
  ['retired', true, 'device-offline'],
] as const)('towards a device that is %s (next: %s) it waits for: %s', (status, isNext, reason) => {
  expect(waitingFor(status, isNext)).toBe(reason)
})
