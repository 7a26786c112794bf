/** What the engine does while nothing can be committed: it waits, and what waits does not grow. */
import { expect, test } from 'vitest'
import { minutes, type Duration } from '../../../src/base/time.ts'
import type { CommitTicket } from '../../../src/engine/ports.ts'
import type { StoreOp } from '../../../src/fleet/store.ts'
import { diskFull, EngineHarness } from '../../support/engine-harness.ts'

class CountingHarness extends EngineHarness {
  commits = 0

  override commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.commits++
    super.commit(ticket, ops)
  }

  /** Commits asked for while `wait` goes by. */
  commitsIn(wait: Duration): number {
    this.commits = 0
    this.elapse(wait)
    return this.commits
  }
}

test('a registration that cannot be ended is tried at the pace of the sweep, however long it takes', () => {
  const house = new CountingHarness()
  house.receive(1, 'CON 1 POST [01] /rd ?ep=urn:dev:a&lt=60&lwm2m=1.1&b=U Content-Format=40 "</3/0>"')
  house.settle()
  house.failure = diskFull
  house.elapse(minutes(2))
  const inTheSecondMinute = house.commitsIn(minutes(1))
  house.elapse(minutes(30))
  expect(house.commitsIn(minutes(1))).toBeLessThanOrEqual(inTheSecondMinute)
  house.failure = undefined
  house.elapse(minutes(1))
  expect(house.store.device('urn:dev:a')?.registration).toBeUndefined()
})
