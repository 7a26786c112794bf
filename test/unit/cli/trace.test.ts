/** `coapstan trace`: lines, following, captures. */
import { beforeEach, expect, it, vi } from 'vitest'
import { milliseconds } from '../../../src/base/time.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('a')
})

function exchange(): void {
  cli.fleet.pass('a', {
    type: 'CON',
    code: '0.02',
    codeName: 'POST',
    messageId: 7,
    token: '0a',
    options: [
      { number: 11, name: 'Uri-Path', value: 'rd' },
      { number: 15, name: 'Uri-Query', value: 'ep=a\u001b[2J' },
    ],
    size: 40,
    retransmission: true,
    outcome: 'answered',
    answer: '2.01',
    roundTrip: milliseconds(12.4),
  })
  cli.fleet.pass('a', {
    direction: 'sent',
    type: 'ACK',
    code: '2.01',
    codeName: 'Created',
    messageId: 7,
    token: '0a',
    size: 20,
    after: milliseconds(12_400),
  })
}

it('shows what was said, oldest first', async () => {
  exchange()
  cli.fleet.pass('a', { size: 1 })
  expect(await cli.run('trace', 'a')).toEqual({
    code: 0,
    out: `2026-01-02T03:04:05.000Z ← CON POST  MID 7  [0a]  /rd?ep=a�[2J  40 B  again  answered 2.01 after 12 ms
2026-01-02T03:04:05.000Z → ACK 2.01 Created  MID 7  [0a]  20 B  after 12 s
2026-01-02T03:04:05.000Z ← not CoAP  1 B
`,
    err: '3 datagrams; --follow goes on\n',
  })
  expect((await cli.run('trace', 'a', '--limit', '1')).out).toMatch(/^\S+ ← not CoAP {2}1 B\n$/)
})

it('is there for programs', async () => {
  exchange()
  const { out } = await cli.run('trace', 'a', '-o', 'json')
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([{ messageId: 7, answer: '2.01' }, { code: '2.01' }])
  expect((await cli.run('trace', 'a', '-o', 'csv', '--limit', '1')).out).toMatch(
    /,sent,ACK,2\.01,7,0a,,20,after 12 s\n$/,
  )
})

it('says what it knows nothing of', async () => {
  expect(await cli.run('trace', 'a')).toEqual({
    code: 0,
    out: '',
    err: 'nothing was heard of a since the server started\n',
  })
  expect(await cli.run('trace', 'b')).toMatchObject({ code: 1, err: expect.stringContaining("'b'") as string })
})

it('follows until Ctrl-C, from where the list ended', async () => {
  exchange()
  const following = cli.begin('trace', 'a', '--follow', '-o', 'name')
  await vi.waitFor(() => expect(cli.fleet.traceListeners.size).toBe(1))
  const { id } = cli.fleet.pass('a')
  await vi.waitFor(() => expect(following.out().trim().split('\n')).toHaveLength(3))
  expect(following.out()).toMatch(new RegExp(`\n${id}\n$`))
  cli.interrupt()
  expect((await following.ran).code).toBe(0)
})

it('writes a capture', async () => {
  exchange()
  expect(await cli.run('trace', 'a', '--pcap', 'a.pcap')).toEqual({
    code: 0,
    out: 'a.pcap is written, 120 B\n',
    err: '',
  })
  expect(Buffer.from(cli.files.get('a.pcap')!, 'latin1').readUInt32LE(0)).toBe(0xa1b2c3d4)
  expect((await cli.run('trace', 'a', '--pcap', 'a.pcap', '--follow')).code).toBe(2)
})
