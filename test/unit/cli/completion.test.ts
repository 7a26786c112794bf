/** The completion script as bash runs it: what is offered where, with a `coapstan` that answers from a list. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
let script: string
beforeAll(async () => {
  cli = await cliUnderTest()
  script = (await cli.run('completion', 'bash')).out
})
afterAll(() => cli.api.app.close())

/** Stands for the program: prints what it was asked for. */
const program = `coapstan() {
  case "$*" in
    "devices -o name") printf 'urn:dev:%s\\n' one two ;;
    "firmware list -o csv") printf 'KEY,PRODUCT,VERSION\\nk,p,1.1.0\\n' ;;
    "campaign list -o name") echo spring ;;
  esac
}`

function offersAt(line: string): string[] {
  const ask = `COMP_LINE=$1; COMP_POINT=\${#1}; COMP_WORDBREAKS=' :='; _coapstan; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', `${program}\n${script}\n${ask}`, 'bash', line], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((offer) => offer !== '')
}

it.runIf(process.platform !== 'win32').each<[string, string[]]>([
  ['coapstan devi', ['devices', 'device']],
  ['coapstan devices --st', ['--status']],
  ['coapstan devices --status a', ['awake', 'asleep']],
  ['coapstan -o ', ['table', 'json', 'yaml', 'csv', 'name']],
  ['coapstan read ', ['urn:dev:one', 'urn:dev:two']],
  // Bash takes what stands before the colon for a word of its own.
  ['coapstan read urn:dev:o', ['one']],
  ['coapstan read urn:dev:one ', []],
  ['coapstan firmware update --target /5/0 urn:dev:one ', ['1.1.0']],
  ['coapstan campaign create summer --image ', ['1.1.0']],
  ['coapstan campaign show ', ['spring']],
  ['coapstan serve --log-level ', ['debug', 'info', 'warn', 'error']],
  ['coapstan config coap.por', ['coap.port']],
  ['coapstan completion ', ['bash', 'zsh', 'fish']],
  ['coapstan firmware add ', []],
])('%j', (line, offers) => {
  expect(offersAt(line)).toEqual(offers)
})
