/** `coapstan objects`: definitions as tables. */
import { expect, it } from 'vitest'
import { cliUnderTest } from './cli-under-test.ts'

it('lists and shows definitions', async () => {
  const cli = await cliUnderTest()
  expect((await cli.run('objects')).out).toBe('ID  NAME    VERSIONS\n 3  Device  1.0 1.1\n')
  expect(await cli.run('objects', 'show', '3')).toEqual({
    code: 0,
    out: `ID  NAME           CAN  TYPE       RANGE   UNIT  NEEDED  WHAT IT IS
 4  Reboot         E                             yes     Start again.
 9  Battery Level  R    integer    0..100  %             Charge.
11  Error Code     R    integer[]                        Errors.
`,
    err: 'Device (3), version 1.1: About the device.\n',
  })
  expect(await cli.run('objects', 'show', '3', '--object-version', '1.0', '-o', 'name')).toMatchObject({
    out: '4\n9\n11\n',
    err: '',
  })
  expect(await cli.run('objects', 'show', '99')).toMatchObject({ code: 1 })
})
