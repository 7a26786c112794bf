/**
 * Whatever is lost, repeated or killed on the way: once the network is quiet and the device asks until it is served,
 * it holds what the template says and nothing else, and its bootstrap accounts are as they were.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minutes, seconds } from '../../../src/base/time.ts'
import type { TemplateDraft } from '../../../src/fleet/bootstrap/draft.ts'
import { BootstrapHarness } from '../../support/bootstrap-harness.ts'

const template: TemplateDraft = {
  servers: [
    { uri: 'self', shortId: 1 },
    { uri: 'coap://198.51.100.7', shortId: 2, registration: { retries: 5 } },
  ],
  accessControl: [{ object: 3, instance: 0, owner: 2, rights: { 1: ['read'], 0: [] } }],
  instances: { '/11/0': { 0: 'profile' } },
}

const trouble = fc.oneof(
  fc.constant({ kind: 'ask' } as const),
  fc.constant({ kind: 'restart' } as const),
  fc.record({ kind: fc.constant('lose' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 200 }) }),
  fc.constant({ kind: 'disk' } as const),
)
const habits = fc.record({
  account: fc.integer({ min: 0, max: 3 }),
  otherAccounts: fc.constantFrom([], [5]),
  formats: fc.constantFrom([112], [11542], [110, 112]),
  takes: fc.constantFrom(undefined, 'object' as const, 'instance' as const),
})

test('a device ends with exactly the content of its template', async () => {
  await fc.assert(
    fc.asyncProperty(
      habits,
      fc.array(trouble, { maxLength: 12 }),
      fc.integer(),
      async ({ takes, ...rest }, troubles, seed) => {
        const harness = new BootstrapHarness({ 'bootstrap.attempts': 1000 })
        await harness.template('any', template)
        const client = harness.client(1, 'urn:dev:p', { ...rest, ...(takes !== undefined && { takes }) })
        const account = client.account
        let state = seed >>> 0
        const chance = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
        let share = 0
        harness.loses = () => chance() < share
        for (const one of troubles) {
          if (one.kind === 'ask') client.ask(harness.now)
          else if (one.kind === 'restart') harness.restart()
          else if (one.kind === 'lose') share = one.share
          else if (one.kind === 'disk') harness.failing = !harness.failing
          else harness.elapse(seconds(one.seconds))
          harness.settle()
          expect(client.account).toEqual(account)
        }
        share = 0
        harness.failing = false
        harness.elapse(minutes(20))
        client.ask(harness.now)
        harness.elapse(minutes(2))
        expect(harness.store.bootstrapRun('urn:dev:p')).toMatchObject({ state: 'finished', content: [] })
        expect(client.account).toEqual(account)
        const clean = new BootstrapHarness()
        await clean.template('any', template)
        const other = clean.client(1, 'urn:dev:p', { ...rest, ...(takes !== undefined && { takes }) })
        other.ask(clean.now)
        clean.settle()
        expect(withoutKey(client.content)).toEqual(withoutKey(other.content))
        expect(harness.engine.size).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

/** Drawn by lot, and told apart by nothing else. */
function withoutKey(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(content).filter(([path]) => !/^\/0\/\d+\/5$/.test(path)))
}
