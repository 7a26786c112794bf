/** A factory's file of keys: columns, what is wrong in which line, all or nothing, and the same file again. */
import { beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/base/errors.ts'
import type { ImportReport } from '../../../../src/fleet/credentials/types.ts'
import { credentialsWorld, keyHex, type CredentialsWorld } from './fixtures.ts'

let world: CredentialsWorld
let service: CredentialsWorld['service']
beforeEach(() => {
  world = credentialsWorld()
  service = world.service
})

const titles = 'endpoint,identity,key,product,tags'
const file = (...rows: string[]): string => `${[titles, ...rows].join('\n')}\n`
const endpoints = (): string[] => service.list({}, { limit: 99 }).map(({ endpoint }) => endpoint)

/** The report, be it of a success or of a refusal. */
async function reportOf(text: string, options = {}): Promise<ImportReport> {
  try {
    return await service.import(text, options)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'credentials.rows') return error.members['report'] as ImportReport
    throw error
  }
}

describe('a file of keys', () => {
  it('is taken whole, with products and tags', async () => {
    const text = file(`a,,${keyHex(1)},meter,site=x;floor=3`, `b,0x00ff,${keyHex(2, 32)},,`)
    expect(await service.import(text, {})).toEqual({
      rows: 2,
      added: 2,
      updated: 0,
      unchanged: 0,
      skipped: 0,
      failed: 0,
      problems: [],
      committed: true,
    })
    expect(service.credential('a')).toMatchObject({ identity: 'a', product: 'meter', tags: { site: 'x', floor: '3' } })
    expect(service.credential('b')).toMatchObject({ identity: '0x00ff', tags: {} })
    expect(world.commits).toHaveLength(1)
    expect(world.events).toEqual([{ kind: 'credential.imported', cause: 'operator', detail: { credentials: 2 } }])
  })

  it.each<[string, string]>([
    ['without titles', `a,id,${keyHex(1)},meter,site=x\n`],
    ['with titles of their own and in another order', `Key Hex,SKU,EP,batch,psk_identity\n${keyHex(1)},meter,a,7,id\n`],
    ['from a spreadsheet', `\ufeff"endpoint","identity","key"\r\n"a","id","0x${keyHex(1).toUpperCase()}"\r\n,,\r\n`],
    ['with the key in pairs', `endpoint,identity,key\na,id,${keyHex(1).replaceAll(/(..)(?=.)/g, '$1:')}\n`],
    ['of endpoint and key alone', `endpoint,key,identity\na,${keyHex(1)},id`],
  ])('may come %s', async (_what, text) => {
    expect(await service.import(text, {})).toMatchObject({ rows: 1, added: 1 })
    expect(service.credential('a')).toMatchObject({
      identity: 'id',
      key: { length: 16, begins: keyHex(1).slice(0, 2) },
    })
  })

  it.each<[string, string, RegExp]>([
    ['nothing', '', /no rows/],
    ['an open quote', 'endpoint,key\n"a,b\n', /line 2 begins a quote/],
    ['no column of keys', 'endpoint,identity\na,b\n', /no 'key'/],
    ['a column twice', 'endpoint,key,psk\na,b,c\n', /twice/],
  ])('with %s is none', async (_what, text, sentence) => {
    await expect(service.import(text, {})).rejects.toThrow(sentence)
    await expect(service.import(text, { partial: true })).rejects.toThrow(
      expect.objectContaining({ code: 'credentials.csv', status: 422 }),
    )
  })

  it.each<[string, string[], [line: number, code: string][]]>([
    ['a weak key', [`a,,${'00'.repeat(16)},,`], [[2, 'credential.key']]],
    ['no key', ['a,,,,'], [[2, 'credential.key']]],
    ['no endpoint', [`,id,${keyHex(1)},,`], [[2, 'device.endpoint']]],
    ['a bad identity', [`a,0x0,${keyHex(1)},,`], [[2, 'credential.identity']]],
    ['bad tags', [`a,,${keyHex(1)},,site`], [[2, 'device.tags']]],
    ['a tag nobody can have', [`a,,${keyHex(1)},,a b=c`], [[2, 'device.tags']]],
    ['too many cells', [`a,,${keyHex(1)},,,x`], [[2, 'credentials.csv']]],
    ['an endpoint twice', [`a,i1,${keyHex(1)},,`, `a,i2,${keyHex(2)},,`], [[3, 'credential.endpoint-taken']]],
    ['an identity twice', [`a,i,${keyHex(1)},,`, `b,i,${keyHex(2)},,`], [[3, 'credential.identity-taken']]],
    ['a shared key', [`a,,${keyHex(1)},,`, '', `b,,${keyHex(1)},,`], [[4, 'credential.key-shared']]],
    ['the key of a known device', [`b,,${keyHex(9)},,`], [[2, 'credential.key-shared']]],
    ['the identity of a known device', [`b,known,${keyHex(1)},,`], [[2, 'credential.identity-taken']]],
    ['another key for a known device', [`known,,${keyHex(1)},,`], [[2, 'credential.identity-taken']]],
    ['another identity for a known device', [`known,i2,${keyHex(1)},,`], [[2, 'credential.endpoint-taken']]],
    [
      'several',
      ['a,,,,', `b,,${keyHex(1)},,`, 'c,,zz,,'],
      [
        [2, 'credential.key'],
        [4, 'credential.key'],
      ],
    ],
  ])('with %s is refused whole, line by line', async (_what, rows, problems) => {
    await service.add({ endpoint: 'known', kind: 'psk', key: keyHex(9) })
    const report = await reportOf(file(...rows))
    expect(report.problems.map(({ line, code }) => [line, code])).toEqual(problems)
    expect(report).toMatchObject({ committed: false, failed: problems.length })
    expect(endpoints()).toEqual(['known'])
  })

  it('tells no key in what it says of a bad row', async () => {
    const report = await reportOf(file(`a,i1,${keyHex(1)},,`, `a,i2,${keyHex(2)},,`, `b,,${keyHex(1)},,`))
    expect(JSON.stringify(report)).not.toContain(keyHex(1).slice(0, 6))
  })
})

describe('in part', () => {
  it('what can be taken is taken', async () => {
    const report = await service.import(file(`a,,${keyHex(1)},,`, 'b,,00,,', `c,,${keyHex(3)},,`), { partial: true })
    expect(report).toMatchObject({ rows: 3, added: 2, failed: 1, committed: true })
    expect(endpoints()).toEqual(['a', 'c'])
  })

  it('a large file is committed a step at a time', async () => {
    const rows = Array.from({ length: 450 }, (_, i) => `e${i},,${keyHex(i)},,`)
    await service.import(file(...rows), { partial: true })
    expect(world.commits.map(({ length }) => length)).toEqual([200, 200, 50])
  })

  it('of thousands of problems the first hundred are told', async () => {
    const report = await reportOf(file(...Array.from({ length: 3000 }, (_, i) => `e${i},,,,`)))
    expect(report).toMatchObject({ failed: 3000 })
    expect(report.problems).toHaveLength(100)
  })
})

describe('the same file again', () => {
  const text = file(`a,,${keyHex(1)},meter,site=x`, `b,,${keyHex(2)},,`)

  it('changes nothing', async () => {
    await service.import(text, {})
    expect(await service.import(text, {})).toMatchObject({ added: 0, unchanged: 2, failed: 0 })
    expect(world.commits).toHaveLength(1)
  })

  it('with a row twice is the same as once', async () => {
    expect(await service.import(text + text.split('\n')[1]!, {})).toMatchObject({ added: 2, unchanged: 1 })
  })

  it('with another product or other tags changes those', async () => {
    await service.import(text, {})
    const other = text.replace('meter,site=x', ',site=y')
    expect(await service.import(other, {})).toMatchObject({ updated: 1, unchanged: 1 })
    expect(service.credential('a')).toMatchObject({ id: 1, tags: { site: 'y' } })
    expect(service.credential('a')).not.toHaveProperty('product')
  })

  it('brings nothing back that was revoked or rotated away since', async () => {
    await service.import(text, {})
    await service.revoke('a')
    await service.rotate('b', { immediately: true, identity: 'b#2' })
    expect(await service.import(text, {})).toMatchObject({ added: 0, unchanged: 0, skipped: 2, failed: 0 })
    expect(service.list({ state: 'active' }, { limit: 9 }).map(({ identity }) => identity)).toEqual(['b#2'])
  })

  it('knows a key that is on its way out', async () => {
    await service.import(text, {})
    await service.rotate('b', {})
    expect(await service.import(text, {})).toMatchObject({ unchanged: 2 })
  })

  it('leaves the endpoint of a revoked row to a new key further down', async () => {
    await service.import(text, {})
    await service.revoke('a')
    const replaced = `${text}a,a-new,${keyHex(3)},,\n`
    expect(await service.import(replaced, {})).toMatchObject({ added: 1, skipped: 1 })
  })
})

it('a dry run says what would be, and writes nothing', async () => {
  const text = file(`a,,${keyHex(1)},,`, 'b,,00,,')
  expect(await service.import(text, { dryRun: true })).toMatchObject({ added: 1, failed: 1, committed: false })
  expect(await service.import(text, { dryRun: true, partial: true })).toMatchObject({ added: 1, committed: false })
  expect(world.commits).toEqual([])
})
