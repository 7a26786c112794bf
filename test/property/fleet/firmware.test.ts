/**
 * The firmware machine against chaos: any inputs in any order keep its promises, and with a device that
 * behaves in the end every update comes to an end.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantOf, type Instant } from '../../../src/base/time.ts'
import { nulPackage, type FirmwareAction } from '../../../src/fleet/firmware/course.ts'
import { valueOfImage } from '../../../src/fleet/operations/types.ts'
import { isFinished, newUpdate, step, type FirmwareInput } from '../../../src/fleet/firmware/rules.ts'
import type { FirmwareReport, FirmwareUpdate, UpdateState } from '../../../src/fleet/firmware/types.ts'
import { image, rules } from '../../unit/fleet/firmware/fixtures.ts'
import { device, start } from '../../unit/fleet/fixtures.ts'

const version = fc.constantFrom('1.0.0', '2.0.0', '')
const anyReport: fc.Arbitrary<FirmwareReport> = fc.record(
  {
    state: fc.constantFrom(0, 1, 2, 3, -1, 7, 2.5),
    result: fc.integer({ min: -1, max: 15 }),
    packageVersion: version,
    firmwareVersion: version,
    protocols: fc.constantFrom([], [0], [3], [0, 1]),
    delivery: fc.constantFrom(0, 1, 2),
    packageUri: fc.constantFrom('', rules.packageUri),
  },
  { requiredKeys: [] },
)
const anyOperation = fc.record({
  kind: fc.constantFrom('read', 'write', 'execute', 'observe'),
  path: fc.constantFrom('/5/0', '/5/0/0', '/5/0/1', '/5/0/2', '/5/0/3', '/5/0/10', '/3/0/3'),
  value: fc.constantFrom('', rules.packageUri, valueOfImage(image.sha256), nulPackage),
  state: fc.constantFrom('acknowledged', 'failed', 'expired', 'cancelled'),
  reason: fc.constantFrom('rejected', 'timed-out', 'outcome-unknown', 'deadline', 'undecodable'),
})
const anyInput: fc.Arbitrary<FirmwareInput> = fc.oneof(
  fc.constantFrom('r1', 'r2', 'r3').map((registrationId) => ({ input: 'registered', registrationId }) as const),
  { weight: 4, arbitrary: anyReport.map((report) => ({ input: 'report', report }) as const) },
  { weight: 3, arbitrary: anyOperation.map((operation) => ({ input: 'operation-finished', operation }) as const) },
  fc
    .record({ offset: fc.nat(5000), length: fc.nat(1024) })
    .chain(({ offset, length }) =>
      fc
        .constantFrom('block-served' as const, 'block-pushed' as const)
        .map((input) => ({ input, offset, length, size: image.size, blockSize: 512 })),
    ),
  fc.constantFrom({ input: 'heard' } as const, { input: 'superseded' } as const),
  fc.constant({ input: 'tick' } as const),
  fc.constant({ input: 'cancel' } as const),
)

const ends: readonly UpdateState[] = ['confirmed', 'failed', 'cancelling', 'cancelled', 'proving', 'gone']
const after: Readonly<Record<UpdateState, readonly UpdateState[]>> = {
  pending: ['offered', 'downloading', 'downloaded', 'updating', ...ends],
  offered: ['pending', 'downloading', 'downloaded', 'updating', ...ends],
  downloading: ['pending', 'downloaded', 'updating', ...ends],
  downloaded: ['pending', 'downloading', 'updating', ...ends],
  updating: ['downloading', 'downloaded', 'confirmed', 'failed', 'proving', 'gone'],
  proving: ['confirmed', 'failed', 'gone'],
  cancelling: ['updating', 'cancelled', 'confirmed', 'proving', 'gone'],
  confirmed: [],
  failed: [],
  cancelled: [],
  gone: [],
}

function expectKept(before: FirmwareUpdate, next: FirmwareUpdate, actions: readonly FirmwareAction[]): void {
  if (next.state !== before.state) expect(after[before.state]).toContain(next.state)
  if (isFinished(before)) expect(next).toBe(before)
  expect(next.finishedAt !== undefined).toBe(isFinished(next))
  if (next.state !== 'pending') expect(next.dueAt !== undefined).toBe(!isFinished(next))
  expect(next.fetched).toBeGreaterThanOrEqual(0)
  expect(next.fetched).toBeLessThanOrEqual(next.size)
  expect(next.attempts ?? 0).toBeLessThanOrEqual(rules.attempts)
  if (next.state === 'updating') expect(next.registrationAtUpdate).toBeDefined()
  if (next.state === 'failed') expect(next.reason).toBeTruthy()
  if (next.state === 'confirmed') {
    const { firmwareVersion, packageVersion } = next.seen ?? {}
    expect(firmwareVersion === '' ? packageVersion : firmwareVersion).toBe(next.version)
    const mark = next.registrationAtUpdate ?? next.registrationAtOffer
    if (mark !== undefined) expect(next.registration).not.toBe(mark)
  }
  if (actions.some(({ action, ...rest }) => action === 'ask' && 'draft' in rest && rest.draft.path === '/5/0/2')) {
    expect(next.state).toBe('downloaded')
    // One install command at a time: the next only once it is known what came of the last.
    expect(before.installCommand).not.toBe('asked')
    expect(next.installCommand).toBe('asked')
  }
}

test('whatever happens, no promise is broken and no input is refused', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyInput, fc.nat(2_000_000_000)), { maxLength: 60 }), (inputs) => {
      let update = newUpdate(1, device, { image }, start)
      let now: Instant = start
      for (const [input, wait] of inputs) {
        now = instantOf(now + wait)
        const { next, actions } = step(update, input, now, rules)
        expectKept(update, next, actions)
        update = next
      }
      expect(update.changedAt).toBeLessThanOrEqual(now)
    }),
    { numRuns: 500 },
  )
})

/** A device with object 5, its faults drawn in advance; and the little of an engine that it takes. */
class World {
  update = newUpdate(1, device, { image }, start)
  now: Instant = start
  #registrations = 0
  #queue: Extract<FirmwareAction, { action: 'ask' }>['draft'][] = []
  #state = 0
  #result = 0
  #running = '1.0.0'
  #fetched = 0
  readonly #fault: () => number

  constructor(fault: () => number) {
    this.#fault = fault
  }

  give(input: FirmwareInput): void {
    const { next, actions } = step(this.update, input, this.now, rules)
    expectKept(this.update, next, actions)
    this.update = next
    for (const action of actions) {
      if (action.action === 'withdraw') this.#queue = []
      else if (!this.#queue.some(({ kind, path, value }) => same({ kind, path, value }, action.draft))) {
        this.#queue.push(action.draft)
      }
    }
  }

  register(): void {
    this.give({ input: 'registered', registrationId: `r${++this.#registrations}` })
  }

  /** One thing happens: an answer, a block, a reboot, or a disaster. */
  turn(): void {
    this.now = instantOf(this.now + 30_000)
    const fault = this.#fault()
    if (fault === 1) this.#reboot()
    else if (fault === 2 && this.#state !== 3) this.#set(0, [4, 5, 8, 10][this.#registrations % 4] ?? 4)
    else if (this.#queue.length > 0) this.#answer(fault)
    else if (this.#state === 1) this.#fetch()
    else if (this.#state === 3) this.#install(fault)
    else this.now = instantOf(Math.max(this.now, this.update.dueAt ?? this.now))
    this.give({ input: 'tick' })
  }

  #answer(fault: number): void {
    const draft = this.#queue.shift()
    if (draft === undefined) return
    const { kind, path, value } = draft
    const end = (ending: object): void =>
      this.give({ input: 'operation-finished', operation: { kind, path, value, state: 'acknowledged', ...ending } })
    if (fault === 3) return end({ state: 'expired', reason: 'deadline' })
    if (path === '/5/0') this.#tell({ state: this.#state, result: this.#result })
    else if (path === '/3/0/3') this.#tell({ firmwareVersion: this.#running })
    else if (path === '/5/0/1') {
      this.#fetched = 0
      this.#state = value === '' ? 0 : 1
      this.#result = 0
    } else if (path === '/5/0/2') {
      if (this.#state !== 2) return end({ state: 'failed', reason: 'rejected', code: '4.05' })
      this.#state = 3
    }
    end({})
  }

  #fetch(): void {
    this.give({ input: 'block-served', offset: this.#fetched, length: 512, size: image.size, blockSize: 512 })
    this.#fetched += 512
    if (this.#fetched >= image.size) this.#set(2, 0)
  }

  #install(fault: number): void {
    if (fault !== 4) this.#running = '2.0.0'
    this.#state = 0
    this.#result = fault === 5 ? 0 : 1
    this.register()
  }

  #reboot(): void {
    this.#state = this.#state === 2 ? 2 : 0
    this.#result = 0
    this.register()
  }

  /** A notification, which every other time is lost. */
  #set(state: number, result: number): void {
    this.#state = state
    this.#result = result
    if (this.#fault() !== 6) this.#tell({ state })
    if (this.#fault() !== 6) this.#tell({ result })
  }

  #tell(report: FirmwareReport): void {
    this.give({ input: 'report', report })
  }
}

type Asked = { kind: string; path: string; value: unknown }
const same = (a: Asked, b: { kind: string; path: string; value?: unknown }): boolean =>
  a.kind === b.kind && a.path === b.path && a.value === b.value

test('with a device that comes to its senses every update ends, and a sound one ends confirmed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 40 }), (faults) => {
      let next = 0
      const world = new World(() => faults[next++] ?? 0)
      world.register()
      for (let turn = 0; turn < 300 && !isFinished(world.update); turn++) world.turn()
      expect(isFinished(world.update)).toBe(true)
      const isSound = faults.every((fault) => fault === 0 || fault > 6)
      if (isSound) expect(world.update.state).toBe('confirmed')
    }),
    { numRuns: 500 },
  )
})
