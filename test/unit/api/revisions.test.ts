/** Revisions over HTTP: the ETag of what has one, 412 where it is another by now, and the same from the command line. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { token } from './api-under-test.ts'
import { cliUnderTest, type CliUnderTest } from '../cli/cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('urn:dev:a')
})
afterEach(() => cli.api.app.close())

const template = { servers: [{ uri: 'self', shortId: 1, lifetime: 300 }] }
const stale = { 'if-match': '"0000000000000000"' }

describe('each that has a revision', () => {
  const campaign = { name: 'spring', image: '1.1.0' }
  const notes = { notes: 'what is new' }
  const rows: [string, string, 'PUT' | 'PATCH' | 'POST' | 'DELETE', string, unknown][] = [
    ['device', '/v1/devices/urn:dev:a', 'PATCH', '', { product: 'meter' }],
    ['device', '/v1/devices/urn:dev:a', 'PUT', '', { product: 'meter' }],
    ['device', '/v1/devices/urn:dev:a', 'DELETE', '', undefined],
    ['configuration', '/v1/devices/urn:dev:a/config', 'PUT', '', { document: 2 }],
    ['configuration', '/v1/devices/urn:dev:a/config', 'DELETE', '', undefined],
    ['template', '/v1/bootstrap/templates/meter', 'PUT', '', template],
    ['template', '/v1/bootstrap/templates/meter', 'DELETE', '', undefined],
    ['image', '/v1/firmware-images/1.1.0', 'PATCH', '', notes],
    ['campaign', '/v1/campaigns/spring', 'POST', '/approve', {}],
    ['campaign', '/v1/campaigns/spring', 'POST', '/start', { force: true }],
    ['campaign', '/v1/campaigns/spring', 'DELETE', '', undefined],
  ]
  it.each(rows)('%s: %s %s%s', async (_, url, method, action, body) => {
    const { api } = cli
    await api.call('PUT', '/v1/devices/urn:dev:a/config', { body: { document: 1 } })
    await api.call('PUT', '/v1/bootstrap/templates/meter', { body: template })
    await api.app.inject({
      method: 'POST',
      url: '/v1/firmware-images?product=meter&version=1.1.0',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      payload: Buffer.from('an image'),
    })
    await api.call('POST', '/v1/campaigns', {
      body: { ...campaign, approval: url.endsWith('spring') && action === '/approve' ? 'campaign' : 'none' },
    })

    const { revision } = (await api.call('GET', url)).json as { revision: string }
    expect((await api.call('HEAD', url)).headers['etag']).toBe(`"${revision}"`)
    const late = await api.call(method, url + action, { body, headers: stale })
    expect(late).toMatchObject({ status: 412, json: { code: 'precondition.failed', revision } })
    expect((await api.call('GET', url)).json).toMatchObject({ revision })
    const asSeen = await api.call(method, url + action, { body, headers: { 'if-match': `"${revision}"` } })
    expect(asSeen.status).toBe(method === 'DELETE' ? 204 : 200)
  })
})

it('what is to be new is refused where it is there', async () => {
  const headers = { 'if-none-match': '*' }
  expect((await cli.api.call('PUT', '/v1/devices/urn:dev:b', { body: {}, headers })).status).toBe(201)
  const again = await cli.api.call('PUT', '/v1/devices/urn:dev:b', { body: {}, headers })
  expect(again).toMatchObject({ status: 412, json: { detail: expect.stringContaining('is there already') as string } })
})

it('a revision without quotes is a mistake that is named', async () => {
  const bare = { body: {}, headers: { 'if-match': '0000000000000000' } }
  const { status, json } = await cli.api.call('PATCH', '/v1/devices/urn:dev:a', bare)
  expect({ status, json }).toMatchObject({
    status: 400,
    json: {
      code: 'request.invalid',
      errors: [{ field: 'headers.if-match', message: 'must be a revision in quotes, or *' }],
    },
  })
})

it('--if-revision takes what -o json showed', async () => {
  const { out } = await cli.run('devices', 'show', 'urn:dev:a', '-o', 'json')
  const { revision } = JSON.parse(out) as { revision: string }
  const set = ['devices', 'set', 'urn:dev:a', '--tag', 'site=berlin', '--if-revision', revision]
  expect((await cli.run(...set)).code).toBe(0)
  const late = await cli.run(...set)
  expect(late).toMatchObject({
    code: 1,
    err: expect.stringContaining("device 'urn:dev:a' was changed meanwhile") as string,
  })
})

it('devices set --create leaves as it is what somebody else has made meanwhile', async () => {
  const { code } = await cli.run('devices', 'set', 'urn:dev:b', '--create', '--product', 'meter')
  expect(code).toBe(0)
  expect(cli.fleet.known.get('urn:dev:b')).toMatchObject({ product: 'meter' })
})
