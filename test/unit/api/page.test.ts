/** The page a browser shows: who sees it, what is on it, and that nothing of a device becomes HTML. */
import { beforeEach, describe, expect, it } from 'vitest'
import { apiUnderTest, token, type ApiUnderTest } from './api-under-test.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest({ 'http.refusals-per-minute': 3 })
})

/** As a browser: without the header every other test sends. */
const get = (url: string, cookie?: string) =>
  api.app.inject({ method: 'GET', url, ...(cookie !== undefined && { headers: { cookie } }) })
const signIn = (as: string) =>
  api.app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `token=${encodeURIComponent(as)}`,
  })

async function signedIn(): Promise<string> {
  return String((await signIn(token)).headers['set-cookie']).split(';', 1)[0]!
}

describe('who comes without the token', () => {
  it('is asked for it, and sees nothing of the fleet', async () => {
    api.fleet.addDevice('urn:dev:secret')
    const { statusCode, headers, body } = await get('/?prefix=urn')
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ])
    expect(body).toContain('name="token"')
    expect(body).not.toContain('urn:dev:secret')
  })

  it.each(['coapstan-viewer=x', `coapstan-viewer=${token}`, 'coapstan-viewer='])(
    'nor with the cookie %s',
    async (cookie) => {
      expect((await get('/', cookie)).body).toContain('name="token"')
    },
  )

  it('is told that a token is wrong, and slowed down', async () => {
    const answers = []
    for (let i = 0; i < 5; i++) answers.push((await signIn('cst_wrong')).statusCode)
    expect(answers).toEqual([401, 401, 401, 429, 429])
    expect((await signIn(token)).statusCode).toBe(303)
  })
})

describe('who has shown the token', () => {
  it('gets a cookie that opens these pages and nothing else', async () => {
    const { statusCode, headers } = await signIn(` ${token}\n`)
    expect([statusCode, headers['location']]).toEqual([303, '/'])
    expect(headers['set-cookie']).toMatch(/^coapstan-viewer=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    const cookie = await signedIn()
    expect((await get('/v1/devices', cookie)).statusCode).toBe(401)
    const stolen = { authorization: `Bearer ${cookie.split('=')[1]}` }
    expect((await api.app.inject({ method: 'GET', url: '/v1/devices', headers: stolen })).statusCode).toBe(401)
  })

  it('sees devices by status, and those that were looked for', async () => {
    for (const name of ['a1', 'a2', 'b1']) api.fleet.addDevice(name)
    api.fleet.addDevice('b2', { status: 'offline', product: 'meter', tags: { site: 'berlin' } })
    const cookie = await signedIn()
    const whole = (await get('/', cookie)).body
    expect(whole).toMatch(/<b>3<\/b>\s*awake[^]*<b>1<\/b>\s*offline/)
    expect(whole).toContain('site=berlin')
    const names = async (url: string) =>
      [...(await get(url, cookie)).body.matchAll(/href="\/\?device=(\w+)"/g)].map(([, name]) => name)
    expect(await names('/?prefix=b')).toEqual(['b1', 'b2'])
    expect(await names('/?status=offline')).toEqual(['b2'])
  })

  it('sees one device, what was asked of it and what happened to it', async () => {
    api.fleet.addDevice('urn:dev:a', { product: 'meter' })
    await api.call('POST', '/v1/devices/urn:dev:a/operations', { body: { kind: 'read', path: '/3/0/9' } })
    api.fleet.emit('device.changed', 'urn:dev:a', { product: 'meter' })
    const { body } = await get('/?device=urn:dev:a', await signedIn())
    for (const text of ['urn:dev:a', 'meter', '/3/0/9', 'device.changed', 'product=meter']) expect(body).toContain(text)
    expect((await get('/?device=nobody', await signedIn())).body).toContain('nobody')
  })

  it('sees text where somebody has put HTML', async () => {
    const evil = `<script>alert("1")</script>`
    api.fleet.addDevice(evil, { product: evil, tags: { [evil]: evil } })
    api.fleet.emit('device.changed', evil, { [evil]: evil })
    const cookie = await signedIn()
    const pages = ['/', `/?device=${encodeURIComponent(evil)}`, `/?prefix=${encodeURIComponent(evil)}`]
    for (const url of pages) expect((await get(url, cookie)).body).not.toMatch(/<script|alert\("/)
  })
})

it('no other route takes a form', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${token}` }
  const { statusCode } = await api.app.inject({ method: 'PATCH', url: '/v1/devices/a', headers, payload: 'product=x' })
  expect(statusCode).toBe(415)
})
