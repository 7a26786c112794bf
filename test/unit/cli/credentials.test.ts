/** `coapstan credentials` and `coapstan handshakes`: exit codes, masked keys, and files that are told line by line. */
import { beforeEach, describe, expect, it } from 'vitest'
import { milliseconds } from '../../../src/base/time.ts'
import { keyHex } from '../fleet/credentials/fixtures.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
})
const run = (...argv: string[]) => cli.run('credentials', ...argv)
const key = keyHex(1)

describe('credentials add', () => {
  it('shows a key that was made, this once', async () => {
    const { code, out, err } = await run('add', 'dev')
    expect(code).toBe(0)
    expect(out).toMatch(/^Credential {2}1\nEndpoint {4}dev\nIdentity {4}dev\nKey {9}[0-9a-f]{32}\n$/)
    expect(err).toBe('this is the only time the key is shown\n')
    const made = /[0-9a-f]{32}/.exec(out)![0]
    for (const argv of [['list'], ['show', 'dev'], ['list', '-o', 'json'], ['show', 'dev', '-o', 'yaml']]) {
      const shown = await run(...argv)
      expect([shown.code, shown.out.includes(made.slice(0, 8))]).toEqual([0, false])
    }
    expect((await run('add', 'dev2', '-o', 'json')).out).toMatch(/"newKey": "[0-9a-f]{32}"/)
  })

  it('takes a key by hand or from a file, and does not repeat it', async () => {
    cli.files.set('dev.hex', `${key}\n`)
    expect(await run('add', 'dev', '--identity', '0x00ff', '--key-file', 'dev.hex', '--tag', 'site=x')).toEqual({
      code: 0,
      out: 'credential 1 of dev is added: psk 0x00ff\n',
      err: '',
    })
    expect((await run('add', 'dev2', '--key', keyHex(2))).out).not.toContain(keyHex(2).slice(0, 8))
  })

  it('takes public keys, certificates and patterns', async () => {
    cli.files.set('key.pem', `-----BEGIN PUBLIC KEY-----\n${btoa('0\x05\x30\x03abc')}\n-----END PUBLIC KEY-----`)
    expect((await run('add', 'a', '--public-key', 'key.pem')).out).toBe(
      'credential 1 of a is added: raw-public-key 30053003616263\n',
    )
    expect((await run('add', 'b', '--certificate', 'ab:'.repeat(31) + 'ab')).out).toContain('certificate abab')
    expect((await run('add', 'urn:*', '--certificate-name', '*.example')).out).toContain('certificate-name *.example')
  })

  it.each<[string[], string]>([
    [['add'], "missing required argument 'endpoint'"],
    [['add', 'dev', '--key', '00'.repeat(16)], 'the key counts in equal steps'],
    [['add', 'dev', '--key', 'hello'], 'a key is an even number of hex digits'],
    [['add', 'dev', '--key', key, '--key-file', 'x'], '--key and --key-file say the same thing twice'],
    [['add', 'dev', '--key-file', 'nowhere'], 'there is no file nowhere'],
    [['add', 'dev', '--key', key, '--certificate-name', 'x'], 'a credential is of one kind'],
    [['add', 'dev', '--certificate', 'nowhere.pem'], "--certificate 'nowhere.pem' is neither a file nor hex"],
    [['add', 'dev', '--certificate', 'not.pem'], 'not.pem is no certificate in PEM'],
    [['add', 'dev', '--identity', '0xz'], 'is not 0x and an even number of hex digits'],
    [['add', 'dev', '--tag', 'x'], "--tag 'x' is not name=value"],
    [['list', '--state', 'lost'], '--state must be one of active'],
  ])('%j is a usage error', async (argv, sentence) => {
    cli.files.set('not.pem', 'not a certificate')
    const { code, out, err } = await run(...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`coapstan: `)
    expect(err).toContain(sentence)
    expect(err).not.toContain(key)
  })

  it.each<[string[], string]>([
    [['add', 'dev'], 'dev has a credential already, number 1\n  rotate that one, or revoke it first'],
    [['show', 'zz'], "there is no credential of 'zz'"],
    [['revoke', 'zz'], "there is no credential of 'zz'"],
    [['rotate', 'dev', '--identity', 'dev'], 'old and new are told apart by their identities'],
  ])('%j is refused by the server', async (argv, sentence) => {
    await run('add', 'dev')
    const { code, out, err } = await run(...argv)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`coapstan: ${sentence}`)
  })
})

describe('credentials', () => {
  it('are a table, keys masked', async () => {
    await run('add', 'dev', '--key', key, '--product', 'meter')
    await run('add', 'cert', '--certificate', '0123456789abcdef'.repeat(4))
    expect((await run()).out).toBe(
      [
        'ID  ENDPOINT  KIND         FOR         IDENTITY           KEY       STATE   LAST USED  PRODUCT',
        ` 1  dev       psk          management  dev                ${key.slice(0, 2)}… 16 B  active             meter`,
        ' 2  cert      certificate  management  …0123456789abcdef            active\n',
      ].join('\n'),
    )
    expect((await run('list', '--kind', 'certificate', '-o', 'name')).out).toBe('2\n')
    expect((await run('list', '--limit', '1')).err).toBe('there are more than 1: --limit 0 shows all\n')
  })

  it('say where there are none how to get one', async () => {
    expect(await run()).toMatchObject({ code: 0, out: '', err: expect.stringContaining('coapstan credentials add') })
  })

  it('are rotated, and revoked', async () => {
    await run('add', 'dev', '--key', key)
    expect((await run('rotate', 'dev')).out).toMatch(/Identity {4}dev#2\nKey {9}[0-9a-f]{32}\n/)
    expect((await run('show', 'dev')).out).toContain('Replaces    1\n')
    expect((await run('rotate', 'dev', '--now', '--key', keyHex(2))).out).toBe(
      'credential 3 of dev replaces all it had: psk dev#2\n',
    )
    expect((await run('revoke', 'dev')).out).toBe('dev is revoked (3)\n')
    expect((await run('list', '--state', 'revoked', '-o', 'name')).out).toBe('1\n2\n3\n')
  })
})

describe('credentials import', () => {
  const good = `endpoint,identity,key,product,tags\na,,${key},meter,site=x\n`

  it('takes a file, and takes it again', async () => {
    cli.files.set('keys.csv', good)
    expect(await run('import', 'keys.csv')).toEqual({ code: 0, out: '1 row: 1 added\n', err: '' })
    expect((await run('import', 'keys.csv')).out).toBe('1 row: 0 added, 1 known\n')
    await run('revoke', 'a')
    expect((await run('import', 'keys.csv')).out).toBe('1 row: 0 added, 1 revoked since and left so\n')
  })

  it('refuses a file with bad rows whole, and says which', async () => {
    cli.files.set('keys.csv', `${good}b,,00,,\n,,${keyHex(2)},,\n`)
    expect(await run('import', 'keys.csv')).toEqual({
      code: 2,
      out: '',
      err: `coapstan: 2 of 3 rows cannot be taken: nothing was imported
  line 3, b: a key has at least 16 octets, this one has 1
  line 4: an endpoint name has at least one character
  mend them, or import the others alone with --partial
`,
    })
    expect((await run()).out).toBe('')
  })

  it('takes what can be taken with --partial, and says what not', async () => {
    cli.files.set('keys.csv', `${good}b,,00,,\n`)
    expect(await run('import', 'keys.csv', '--partial')).toEqual({
      code: 1,
      out: '2 rows: 1 added, 1 refused\n',
      err: 'line 3, b: a key has at least 16 octets, this one has 1\n',
    })
    expect((await run('list', '-o', 'name')).out).toBe('1\n')
  })

  it('only says what would be with --dry-run', async () => {
    cli.files.set('keys.csv', good)
    expect((await run('import', 'keys.csv', '--dry-run')).out).toBe('1 row, as it would be: 1 added\n')
    expect((await run()).out).toBe('')
    const report = JSON.parse((await run('import', 'keys.csv', '--dry-run', '-o', 'json')).out) as object
    expect(report).toMatchObject({ rows: 1, added: 1, committed: false, problems: [] })
  })

  it('shows the first of many problems', async () => {
    cli.files.set('keys.csv', `endpoint,key\n${'x,\n'.repeat(25)}`)
    const { err } = await run('import', 'keys.csv', '--partial')
    expect(err.trim().split('\n')).toHaveLength(21)
    expect(err).toContain('and 5 more')
  })

  it.each<[string[], string]>([
    [['nowhere.csv'], 'there is no file nowhere.csv'],
    [['empty.csv'], 'the file has no rows'],
  ])('%j is a usage error', async (argv, sentence) => {
    cli.files.set('empty.csv', '\n')
    expect(await run('import', ...argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(sentence) })
  })
})

describe('handshakes', () => {
  const base = () => ({
    at: cli.fleet.now,
    port: 9,
    resumed: false,
    duration: milliseconds(12),
    retransmissions: 0,
  })

  beforeEach(() => {
    const suite = 'PSK_WITH_AES_128_CCM_8'
    const connectionId = '00a1'
    cli.fleet.handshakes.add({
      ...base(),
      address: '192.0.2.1',
      outcome: 'completed',
      identity: 'dev',
      suite,
      connectionId,
    })
    const reason = 'it does not speak DTLS 1.2'
    cli.fleet.handshakes.add({ ...base(), address: '::1', outcome: 'failed', fault: 'version-unsupported', reason })
  })

  it('are a table', async () => {
    expect(await cli.run('handshakes')).toEqual({
      code: 0,
      out: `WHEN  FROM         IDENTITY  SUITE                   CID    TOOK  AGAIN  OUTCOME
now   [::1]:9                                              12 ms      0  it does not speak DTLS 1.2
now   192.0.2.1:9  dev       PSK_WITH_AES_128_CCM_8  00a1  12 ms      0  completed
`,
      err: '1 handshake completed and 1 failed since the server started\n',
    })
  })

  it('show the end of a long key, where keys differ', async () => {
    const identity = `rpk:3059301306072a8648ce3d0201${'ab'.repeat(64)}cdef`
    cli.fleet.handshakes.add({ ...base(), address: '192.0.2.1', outcome: 'completed', identity })
    expect((await cli.run('handshakes', '--limit', '1')).out).toContain('  rpk:…ababababababcdef  ')
  })

  it('are those that failed with --failed', async () => {
    const { out } = await cli.run('handshakes', '--failed', '-o', 'json')
    expect(JSON.parse(out)).toMatchObject({ handshakes: [{ id: 2 }], counts: { completed: 1, failed: 1 } })
    expect(await cli.run('handshakes', '--limit', '0')).toMatchObject({ code: 2 })
  })
})
