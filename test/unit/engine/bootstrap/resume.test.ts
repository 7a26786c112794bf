/** A bootstrap that is interrupted at each of its steps goes on, or begins anew, and ends with the same content. */
import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '../../../../src/base/time.ts'
import type { TemplateDraft } from '../../../../src/fleet/bootstrap/draft.ts'
import { BootstrapHarness, endpoint } from '../../../support/bootstrap-harness.ts'

const template: TemplateDraft = {
  servers: [
    { uri: 'self', shortId: 1 },
    { uri: 'coap://198.51.100.7', shortId: 2 },
  ],
  accessControl: [{ object: 3, instance: 0, owner: 1, rights: { 1: ['read'] } }],
  verify: true,
}
const steps = [
  'GET /',
  'PUT /0/0 112',
  'PUT /0/1 112',
  'PUT /1/0 112',
  'PUT /1/1 112',
  'PUT /2/0 112',
  'GET /1',
  'POST /bs',
]

async function world() {
  const harness = new BootstrapHarness()
  await harness.template('any', template)
  const client = harness.client(1, endpoint, { account: 2 })
  return { harness, client }
}

async function undisturbed() {
  const { harness, client } = await world()
  client.ask(harness.now)
  harness.settle()
  expect(client.asked).toEqual(steps)
  return client.content
}

describe.each(steps.map((step, index) => [step, index + 1] as const))('interrupted at %s', (step, count) => {
  it('by kill -9: the pending step goes out again, and nothing before it', async () => {
    const { harness, client } = await world()
    harness.loses = (direction) => direction === 'up' && client.asked.length === count
    client.ask(harness.now)
    harness.settle()
    expect(client.asked.at(-1)).toBe(step)
    harness.loses = () => false
    harness.restart()
    expect(client.asked).toEqual(steps.toSpliced(count, 0, step))
    expect(client.content).toEqual(await undisturbed())
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'finished', attempts: 1 })
  })

  it('by a lost answer: CoAP repeats itself, and the device does it once', async () => {
    const { harness, client } = await world()
    let lost = 0
    harness.loses = (direction) => direction === 'up' && client.asked.length === count && lost++ === 0
    client.ask(harness.now)
    harness.elapse(minutes(1))
    expect(client.asked).toEqual(steps)
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'finished' })
  })

  it('by the device: it drops out, asks again later, and everything begins anew with the same key', async () => {
    const { harness, client } = await world()
    harness.loses = () => client.asked.length >= count
    client.ask(harness.now)
    harness.elapse(minutes(3))
    harness.loses = () => false
    const asked = client.asked.length
    client.ask(harness.now)
    harness.elapse(seconds(30))
    expect(client.asked.slice(asked)[0]).toBe('GET /')
    const { '/0/0/5': key, ...content } = client.content
    const { '/0/0/5': other, ...expected } = await undisturbed()
    expect(content).toEqual(expected)
    expect(key).toBe(other)
    expect(client.account).toEqual({ '/0/2/0': 'coap://bootstrap', '/0/2/1': true })
    expect(harness.store.bootstrapRuns({}, undefined, 9)).toMatchObject([{ state: 'finished', attempts: 2 }])
  })

  it('by a full disk: the step is repeated once the store takes writes', async () => {
    const { harness, client } = await world()
    harness.loses = () => {
      harness.failing = client.asked.length === count
      return false
    }
    client.ask(harness.now)
    harness.settle()
    harness.loses = () => false
    harness.failing = false
    harness.elapse(seconds(10))
    expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'finished' })
    expect(client.content).toEqual(await undisturbed())
  })
})

it('that has sent Finish and hears no answer is over once the device has registered', async () => {
  const { harness, client } = await world()
  harness.loses = (direction) => direction === 'up' && client.asked.length === steps.length
  client.ask(harness.now)
  harness.elapse(seconds(5))
  expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'running' })
  harness.engine.registered(harness.now, endpoint)
  harness.settle()
  const run = harness.store.bootstrapRun(endpoint)!
  expect(run).toMatchObject({ state: 'finished' })
  expect(run.steps.at(-1)).toMatchObject({
    kind: 'finish',
    state: 'done',
    detail: expect.stringContaining('registered'),
  })
  const asked = client.asked.length
  harness.elapse(minutes(5))
  expect(client.asked.length).toBe(asked)
})

it('that is in the middle of its writes is not over because an old registration is renewed', async () => {
  const { harness, client } = await world()
  harness.loses = (direction) => direction === 'up' && client.asked.length === 3
  client.ask(harness.now)
  harness.elapse(seconds(1))
  harness.engine.registered(harness.now, endpoint)
  harness.settle()
  expect(harness.store.bootstrapRun(endpoint)).toMatchObject({ state: 'running' })
})
