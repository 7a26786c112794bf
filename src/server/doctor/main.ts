/**
 * `coapstan doctor`: looks at the machine and the data directory as `coapstan serve` with the same flags
 * would find them, says what is good, what is not and what to do. Changes nothing. Exit code 1 where the
 * server would not start or not be safe.
 */
import { styleText } from 'node:util'
import { EnvironmentError, UsageError } from '../../base/errors.ts'
import type { Settings } from '../../config/tunables.ts'
import { settingsFromArguments } from '../arguments.ts'
import type { Finding, Verdict } from './finding.ts'
import {
  checkClock,
  checkCores,
  checkCrypto,
  checkDescriptors,
  checkMemory,
  checkNode,
  checkReceiveBuffer,
  checkTransport,
} from './machine.ts'
import { checkDatabase, checkDirectory, checkObjects, checkPorts } from './place.ts'

const signs: Readonly<Record<Verdict, { readonly sign: string; readonly colour: 'green' | 'yellow' | 'red' }>> = {
  good: { sign: '✓', colour: 'green' },
  warning: { sign: '!', colour: 'yellow' },
  bad: { sign: '✗', colour: 'red' },
}

export async function findingsOf(settings: Settings): Promise<readonly Finding[]> {
  const { finding, report } = checkDatabase(settings)
  return [
    checkNode(),
    checkTransport(settings),
    checkCrypto(settings),
    checkReceiveBuffer(settings),
    checkDescriptors(),
    checkMemory(settings),
    checkCores(settings),
    checkClock(Date.now(), report?.newestEvent),
    checkDirectory(settings),
    finding,
    ...(await checkPorts(settings, report?.isInUse === true)),
    checkObjects(settings),
  ]
}

/** A line a finding, and one more with what to do about it. */
export function reportOf(
  findings: readonly Finding[],
  paint: (colour: 'green' | 'yellow' | 'red' | 'dim', text: string) => string,
): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  const lines = findings.flatMap(({ subject, verdict, found, remedy }) => {
    const { sign, colour } = signs[verdict]
    const line = `${paint(colour, sign)} ${subject.padEnd(width)}  ${found}`
    return remedy === undefined ? [line] : [line, `  ${' '.repeat(width)}  ${paint('dim', `→ ${remedy}`)}`]
  })
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length
  const summary =
    count('bad') > 0
      ? `${count('bad')} to mend before the server can run well, ${count('warning')} worth a look`
      : count('warning') > 0
        ? `fit to run; ${count('warning')} worth a look`
        : 'fit to run'
  return `${lines.join('\n')}\n\n${summary}\n`
}

async function main(): Promise<void> {
  const { json, argv } = withoutJson(process.argv.slice(2))
  const findings = await findingsOf(settingsFromArguments(argv, process.env, doctorHelp))
  if (json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`)
  else process.stdout.write(reportOf(findings, (colour, text) => styleText(colour, text)))
  process.exitCode = findings.some(({ verdict }) => verdict === 'bad') ? 1 : 0
}

const doctorHelp = {
  name: 'coapstan doctor',
  description: 'Looks at this machine as `coapstan serve` with the same flags would find it. Changes nothing.',
  examples: 'coapstan doctor --data-directory /var/lib/coapstan\n  coapstan doctor -o json',
}

/** `-o json` and `--output json`, as every command has it; the rest are the server's flags. */
function withoutJson(argv: readonly string[]): { readonly json: boolean; readonly argv: readonly string[] } {
  const at = argv.findIndex((word) => word === '-o' || word === '--output')
  if (at === -1 || argv[at + 1] !== 'json') return { json: false, argv }
  return { json: true, argv: argv.toSpliced(at, 2) }
}

main().catch((error: unknown) => {
  if (!(error instanceof UsageError) && !(error instanceof EnvironmentError)) throw error
  process.stderr.write(`coapstan: ${error.message}\n`)
  if (error instanceof UsageError && error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
})
