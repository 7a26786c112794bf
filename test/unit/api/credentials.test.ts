/** The routes of credentials and handshakes: keys go in and do not come out, files come as octets. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import { credentialSchema, importReportSchema, newCredentialSchema } from '../../../src/api/contract/credential.ts'
import { handshakeListSchema } from '../../../src/api/contract/handshake.ts'
import { milliseconds } from '../../../src/base/time.ts'
import { keyHex } from '../fleet/credentials/fixtures.ts'
import { apiUnderTest, type ApiUnderTest, type CallResult } from './api-under-test.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest({ 'credentials.import-limit': 4096 })
})

const octets = { 'content-type': 'application/octet-stream' }
const add = (body: object): Promise<CallResult> => api.call('POST', '/v1/credentials', { body })
const importFile = (text: string | Buffer, query = '', headers: Record<string, string> = octets): Promise<CallResult> =>
  api.call('POST', `/v1/credentials/import${query}`, { body: text, headers })

describe('credentials', () => {
  it('are added with a key, which no answer holds', async () => {
    const key = keyHex(1)
    const answer = await add({ endpoint: 'dev', identity: '0x00', key, product: 'meter', tags: { site: 'x' } })
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({ location: '/v1/credentials/1', 'cache-control': 'no-store' })
    expect(Value.Check(newCredentialSchema, answer.json)).toBe(true)
    expect(answer.text).not.toContain(key)
    for (const url of ['/v1/credentials', '/v1/credentials/dev', '/v1/credentials/1', '/v1/events']) {
      const { status, text } = await api.call('GET', url)
      expect([status, text.includes(key)]).toEqual([200, false])
    }
  })

  it('are added without one, which is told once and not to be kept by anybody', async () => {
    const answer = await add({ endpoint: 'dev' })
    const { newKey } = answer.json as { newKey: string }
    expect(newKey).toMatch(/^[0-9a-f]{32}$/)
    expect((await api.call('GET', '/v1/credentials/dev')).text).not.toContain(newKey)
    const rotated = await api.call('POST', '/v1/credentials/dev/rotate', { body: {} })
    expect(rotated.headers['cache-control']).toBe('no-store')
    expect(rotated.json).toMatchObject({ credential: { id: 2, replaces: 1 }, newKey: expect.any(String) })
  })

  it('are shown as the contract says', async () => {
    await add({ endpoint: 'dev' })
    await add({ endpoint: 'cert', kind: 'certificate', identity: 'AB:'.repeat(31) + 'AB' })
    await api.call('POST', '/v1/credentials/dev/rotate', { body: {} })
    const { credentials } = (await api.call('GET', '/v1/credentials')).json as { credentials: object[] }
    expect(credentials).toMatchObject([{ state: 'retiring' }, { identity: 'ab'.repeat(32) }, { identity: 'dev#2' }])
    for (const credential of credentials) expect(Value.Check(credentialSchema, credential)).toBe(true)
  })

  it('are listed page by page', async () => {
    for (const endpoint of ['a', 'b', 'c']) await add({ endpoint })
    const page = async (query: string) =>
      (await api.call('GET', `/v1/credentials?${query}`)).json as { credentials: { id: number }[]; next?: number }
    const first = await page('limit=2')
    expect([first.credentials.map(({ id }) => id), first.next]).toEqual([[1, 2], 2])
    const last = await page('limit=2&after=2')
    expect([last.credentials.map(({ id }) => id), last.next]).toEqual([[3], undefined])
    expect((await page('endpoint=b')).credentials).toMatchObject([{ id: 2 }])
    expect((await page('state=revoked')).credentials).toEqual([])
  })

  it('are revoked all at once or one by one', async () => {
    await add({ endpoint: 'dev' })
    await api.call('POST', '/v1/credentials/dev/rotate', { body: {} })
    const { json } = await api.call('POST', '/v1/credentials/dev/revoke')
    expect(json).toMatchObject({ revoked: [{ id: 2, state: 'revoked' }, { id: 1 }] })
    expect((await api.call('POST', '/v1/credentials/1/revoke')).json).toMatchObject({
      status: 409,
      code: 'credential.not-active',
    })
  })

  it.each<[string, string, string, object | undefined, number, string]>([
    ['a weak key', 'POST', '', { endpoint: 'a', key: '00'.repeat(16) }, 422, 'credential.key'],
    ['no endpoint', 'POST', '', {}, 400, 'request.invalid'],
    ['an unknown member', 'POST', '', { endpoint: 'a', secret: 'x' }, 400, 'request.invalid'],
    ['an unknown kind', 'POST', '', { endpoint: 'a', kind: 'password' }, 400, 'request.invalid'],
    ['an unknown credential', 'GET', '/zz', undefined, 404, 'credential.unknown'],
    ['a number nobody has', 'GET', '/17', undefined, 404, 'credential.unknown'],
    ['an unknown state', 'GET', '?state=lost', undefined, 400, 'request.invalid'],
    ['a DELETE', 'DELETE', '/zz', undefined, 405, 'route.method'],
  ])('refuse %s', async (_what, method, url, body, status, code) => {
    const answer = await api.call(method as 'GET', `/v1/credentials${url}`, body === undefined ? {} : { body })
    expect(answer.json).toMatchObject({ status, code })
  })
})

describe('a file of keys', () => {
  const good = `endpoint,identity,key,product,tags\na,,${keyHex(1)},meter,site=x\n`
  const bad = `${good}b,,00,,\n`

  it('comes as octets, and is answered with a report', async () => {
    const { status, json, text } = await importFile(good)
    expect(status).toBe(200)
    expect(Value.Check(importReportSchema, json)).toBe(true)
    expect(json).toMatchObject({ rows: 1, added: 1, committed: true })
    expect(text).not.toContain(keyHex(1))
    expect((await importFile(good)).json).toMatchObject({ added: 0, unchanged: 1 })
  })

  it('with a bad row is refused whole, with the report; in part it is taken; in a dry run neither', async () => {
    const problems = [{ line: 3, endpoint: 'b', code: 'credential.key' }]
    expect((await importFile(bad, '?dryRun=true')).json).toMatchObject({
      added: 1,
      failed: 1,
      committed: false,
      problems,
    })
    const refused = await importFile(bad)
    expect(refused.json).toMatchObject({
      status: 422,
      code: 'credentials.rows',
      report: { committed: false, problems },
    })
    expect(refused.text).not.toContain(keyHex(1))
    expect((await api.call('GET', '/v1/credentials')).json).toMatchObject({ credentials: [] })
    expect((await importFile(bad, '?partial=true')).json).toMatchObject({ added: 1, failed: 1, committed: true })
  })

  it.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['too large', 'x'.repeat(4097), octets, 413, 'credentials.too-large'],
    ['not UTF-8', Buffer.from([0xff, 0xfe, 0x41]), octets, 422, 'credentials.csv'],
    ['empty', '', octets, 422, 'credentials.csv'],
    ['JSON', '{}', { 'content-type': 'application/json' }, 415, 'request.media-type'],
  ])('that is %s is refused', async (_what, text, headers, status, code) => {
    expect((await importFile(text, '', headers)).json).toMatchObject({ status, code })
  })
})

it('handshakes are shown newest first, with counts of all', async () => {
  const base = {
    at: api.fleet.now,
    address: '::1',
    port: 9,
    resumed: false,
    duration: milliseconds(4.4),
    retransmissions: 0,
  }
  api.fleet.handshakes.add({ ...base, outcome: 'completed', identity: 'dev', suite: 'PSK_WITH_AES_128_CCM_8' })
  api.fleet.handshakes.add({ ...base, outcome: 'failed', fault: 'flight-unanswered', reason: 'it fell silent' })
  const all = await api.call('GET', '/v1/handshakes')
  expect(Value.Check(handshakeListSchema, all.json)).toBe(true)
  expect(all.json).toMatchObject({
    handshakes: [
      { id: 2, reason: 'it fell silent' },
      { id: 1, durationMilliseconds: 4 },
    ],
    counts: { completed: 1, failed: 1, faults: { 'flight-unanswered': 1 } },
  })
  expect((await api.call('GET', '/v1/handshakes?failed=true')).json).toMatchObject({ handshakes: [{ id: 2 }] })
  expect((await api.call('GET', '/v1/handshakes?failed=maybe')).status).toBe(400)
})
