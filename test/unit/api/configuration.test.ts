/** A device's configuration over HTTP and from the command line: set, read, taken away. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cliUnderTest, type CliUnderTest } from '../cli/cli-under-test.ts'

let cli: CliUnderTest

beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('urn:dev:a')
})
afterEach(() => cli.api.app.close())

it('is set, shown and deleted', async () => {
  const set = await cli.run('devices', 'config', 'set', 'urn:dev:a', '{"interval": 60, "on": [null, true]}')
  expect(set).toMatchObject({ code: 0, out: expect.stringContaining('new configuration') as string })
  expect(cli.fleet.configurations.get('urn:dev:a')?.document).toBe('{"interval":60,"on":[null,true]}')
  const got = await cli.run('devices', 'config', 'get', 'urn:dev:a', '-o', 'json')
  expect(JSON.parse(got.out)).toMatchObject({ endpoint: 'urn:dev:a', document: { interval: 60, on: [null, true] } })
  expect((await cli.run('devices', 'config', 'delete', 'urn:dev:a')).code).toBe(0)
  const gone = await cli.run('devices', 'config', 'get', 'urn:dev:a')
  expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('no configuration') as string })
})

it.each([
  [{ count: 0, told: 0 }, 'none: the device has to ask'],
  [{ count: 2, told: 2 }, '2, told of this'],
  [{ count: 2, told: 1 }, '2, 1 to be told at the next wake'],
])('says whether who observes it knows: %j', async (observers, text) => {
  await cli.run('devices', 'config', 'set', 'urn:dev:a', '1')
  cli.fleet.configurationObservers = observers
  expect((await cli.run('devices', 'config', 'get', 'urn:dev:a')).out).toContain(text)
})

it.each([['0'], ['null'], ['"text"'], ['[]']])('may be any JSON: %s', async (document) => {
  await cli.run('devices', 'config', 'set', 'urn:dev:a', document)
  expect(cli.fleet.configurations.get('urn:dev:a')?.document).toBe(document)
})

it('that is no JSON is refused before anything is asked', async () => {
  const refused = await cli.run('devices', 'config', 'set', 'urn:dev:a', '{interval:')
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('no JSON') as string })
})

it('of a device nobody knows is an error that offers names', async () => {
  const unknown = await cli.run('devices', 'config', 'get', 'urn:dev:b')
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('urn:dev:a') as string })
})
