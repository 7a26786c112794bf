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
  expect(await cli.run('objects', 'show', 'device', '-o', 'name')).toMatchObject({ out: '4\n9\n11\n' })
  expect(await cli.run('objects', 'show', '99')).toMatchObject({ code: 1 })
  expect(await cli.run('objects', 'show', 'Devise')).toMatchObject({
    code: 2,
    err: "coapstan: there is no object 'Devise'\n  'coapstan objects' lists them\n",
  })
})

it('checks files of definitions: a row a file, a line an error', async () => {
  const cli = await cliUnderTest()
  cli.files.set('good.xml', '<LWM2M></LWM2M>')
  cli.files.set('bad.xml', '<LWM2M>Int</LWM2M>')
  expect(await cli.run('objects', 'validate', 'good.xml', 'bad.xml')).toEqual({
    code: 1,
    out: `FILE      DEFINES       ERRORS  WARNINGS
good.xml  3 Device 1.1       0         0
bad.xml   3 Device 1.1       1         0
`,
    err: "bad.xml:12: error: object 3 resource 9: Type 'Int' is no LwM2M type\n",
  })
  expect(await cli.run('objects', 'validate', 'good.xml')).toMatchObject({ code: 0 })
  expect(await cli.run('objects', 'validate', 'none.xml')).toMatchObject({ code: 2 })
})

it('has the definitions read again', async () => {
  const cli = await cliUnderTest()
  expect(await cli.run('objects', 'reload')).toEqual({
    code: 0,
    out: 'definitions are read again: 1 object, 1 file of your own\n',
    err: "own.xml:12: warning: object 3 resource 9: Type 'Int' is no LwM2M type\n",
  })
})
