/** `--select`: one question to many devices. */
import { beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/base/errors.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  const berlin = { product: 'meter', tags: { site: 'berlin' } }
  cli.fleet.addDevice('meter-1', berlin)
  cli.fleet.addDevice('meter-2', berlin)
  cli.fleet.addDevice('meter-3', { ...berlin, status: 'asleep' })
  cli.fleet.addDevice('meter-4', { product: 'meter', tags: { site: 'paris' } })
  cli.fleet.answer = ({ endpoint }) =>
    endpoint === 'meter-3' ? undefined : { state: 'acknowledged', code: '2.05', result: { path: '/3/0/9', value: 87 } }
})

const berlin = ['--select', 'product=meter,tag.site=berlin']

describe('--select', () => {
  it('asks each device, waits for those that listen, and says what became of each', async () => {
    expect(await cli.run('read', ...berlin, '/3/0/9')).toEqual({
      code: 0,
      out: `ENDPOINT  OPERATION  STATE         OUTCOME
meter-1           1  acknowledged  /3/0/9 87
meter-2           2  acknowledged  /3/0/9 87
meter-3           3  queued        device-asleep
`,
      err: expect.stringContaining('3 devices: 2 acknowledged, 1 queued\n') as string,
    })
  })

  it.each<[string[], object]>([
    [['write', ...berlin, '/3/0/14', '+02:00'], { kind: 'write', path: '/3/0/14', value: '+02:00' }],
    [['execute', ...berlin, 'Device/0/Reboot'], { kind: 'execute', path: 'Device/0/Reboot' }],
    [['execute', ...berlin, '/3/0/4', "0='now'"], { kind: 'execute', path: '/3/0/4', value: "0='now'" }],
  ])('%j', async (argv, draft) => {
    expect(await cli.run(...argv, '-o', 'name')).toMatchObject({ code: 0, out: 'meter-1\nmeter-2\nmeter-3\n' })
    expect(cli.fleet.asked).toMatchObject([draft, draft, draft])
  })

  it('ends badly where one of them said no or could not be asked', async () => {
    cli.fleet.answer = ({ endpoint }) =>
      endpoint === 'meter-2' ? { state: 'failed', reason: 'rejected', code: '4.05' } : { state: 'acknowledged' }
    const { code, err } = await cli.run('execute', ...berlin, '/3/0/4')
    expect(code).toBe(1)
    expect(err).toContain('3 devices: 2 acknowledged, 1 failed')
    cli.fleet.operations.submit = async () => {
      throw new UsageError('path.not-registered', 'it has no object 9', { status: 422 })
    }
    const refused = await cli.run('execute', ...berlin, '/9/0/4')
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.out).toContain('refused  it has no object 9')
  })

  it('gives those that sleep their place in the queue, too', async () => {
    await cli.run('read', ...berlin, '/3/0/9', '--priority', '2')
    expect(cli.fleet.asked.map(({ endpoint, priority }) => [endpoint, priority])).toEqual([
      ['meter-1', 2],
      ['meter-2', 2],
      ['meter-3', 2],
    ])
  })

  it('only counts where told so', async () => {
    expect(await cli.run('read', ...berlin, '/3/0/9', '--dry-run')).toEqual({
      code: 0,
      out: `STATUS  DEVICES
asleep        1
awake         2
`,
      err: '3 devices would be asked; none was\n',
    })
    expect(cli.fleet.asked).toEqual([])
  })

  it('makes a rule of what is to be observed, lists and deletes it', async () => {
    expect(await cli.run('observe', ...berlin, '/3/0/9')).toEqual({
      code: 0,
      out: 'rule 1: /3/0/9 is observed on product=meter,tag.site=berlin\n',
      err: 'a rule: it holds for devices to come, too (--each asks only those there are now); end it with: coapstan observe rules delete 1\n',
    })
    expect(cli.fleet.rules).toMatchObject([{ product: 'meter', tags: { site: 'berlin' }, path: '/3/0/9' }])
    expect(cli.fleet.asked).toEqual([])
    expect(await cli.run('observe', ...berlin, '/3/0/9', '--dry-run')).toMatchObject({ code: 0 })
    expect((await cli.run('observe', 'rules')).out).toBe(`ID  DEVICES                        PATH    WHEN  CREATED
 1  product=meter,tag.site=berlin  /3/0/9        now
`)
    expect(await cli.run('observe', 'rules', 'delete', '1')).toMatchObject({ code: 0, out: 'rule 1 is deleted\n' })
    expect(await cli.run('observe', 'rules', 'delete', '1')).toMatchObject({ code: 1 })
    expect(await cli.run('observe', 'rules')).toMatchObject({ err: expect.stringContaining('no rules') as string })
  })

  it('asks the devices there are now where the selection is no rule, or told to', async () => {
    expect(await cli.run('observe', '--select', 'status=awake', '/3/0/9', '--attributes', 'pmin=60')).toMatchObject({
      code: 0,
    })
    expect(cli.fleet.asked[0]).toMatchObject({ kind: 'observe', path: '/3/0/9', value: 'pmin=60' })
    expect(await cli.run('observe', ...berlin, '/3/0/9', '--each')).toMatchObject({ code: 0 })
    expect(await cli.run('observe', ...berlin, '/3/0/9', '--each', '--cancel')).toMatchObject({ code: 0 })
    expect(cli.fleet.asked.at(-1)).toMatchObject({ kind: 'cancel-observe' })
    expect(cli.fleet.rules).toEqual([])
  })

  it('says that nothing is selected', async () => {
    expect(await cli.run('read', '--select', 'product=none', '/3/0/9')).toMatchObject({
      code: 0,
      err: 'no device is selected\n',
    })
  })

  it.each([
    [['read', 'meter-1'], "missing required argument 'path'"],
    [['read', ...berlin], "missing required argument 'path'"],
    [['read', ...berlin, 'meter-1', '/3/0/9'], 'with --select there is no endpoint name'],
    [['read', '--select', 'site=berlin', '/3/0/9'], "--select 'site=berlin' is no filter"],
    [['read', 'meter-1', '/3/0/9', '--dry-run'], '--dry-run counts what --select finds'],
    [['observe', ...berlin, '/3/0/9', '--follow'], '--follow shows one device'],
    [['observe', ...berlin, '/3/0/9', '--cancel'], 'a rule is ended by its number'],
    [['read', 'meter-1', '/3/0/9', '--priority', '12'], '--priority 12 is none'],
  ])('%j is refused: %s', async (argv, sentence) => {
    const { code, err } = await cli.run(...argv)
    expect([code, cli.fleet.asked.length]).toEqual([2, 0])
    expect(err).toContain(sentence)
  })
})
