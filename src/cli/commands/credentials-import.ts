/** `coapstan credentials import`: a factory's file of keys, all of it or with --partial what can be taken. */
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { ImportReportJson } from '../../api/contract/credential.ts'
import { does, type Frame } from '../command.ts'
import { CommandFailure, ServerProblem, usageFailure } from '../failure.ts'
import { withSpinner } from '../progress.ts'
import type { Session } from '../session.ts'
import { counted, printable, sizeText } from '../style.ts'

interface ImportOptions {
  readonly dryRun?: boolean
  readonly partial?: boolean
}

/** Milliseconds a large file may take. */
const importPatience = 10 * 60_000
/** Problems shown; -o json has all the server tells. */
const shownProblems = 20

export function addImport(credentials: Command, frame: Frame): void {
  does<ImportOptions>(
    credentials
      .command('import')
      .argument('<file>', 'CSV: endpoint, identity, key (hex), product, tags (name=value;name=value)')
      .description('import pre-shared keys; the same file again changes nothing')
      .option('--dry-run', 'only say what would be')
      .option('--partial', 'take the rows that can be taken; else it is all or nothing'),
    frame,
    ['coapstan credentials import keys.csv --dry-run', 'coapstan credentials import keys.csv'],
    (session, [file], options) => importFile(session, file!, options),
  )
}

async function importFile(session: Session, file: string, { dryRun, partial }: ImportOptions): Promise<number> {
  const { client, output, surroundings, note } = session
  const source = surroundings.openFile(file)
  if (source === undefined) throw usageFailure(`there is no file ${file}`)
  const query = { ...(dryRun && { dryRun }), ...(partial && { partial }) }
  const octets = { size: source.size, stream: source.stream() }
  const label = (): string => `importing ${basename(file)}, ${sizeText(source.size)}`
  const send = () => client.call('importCredentials', { query, octets }, importPatience)
  const report = await withSpinner(surroundings, label, send).catch((error: unknown) => {
    throw refusalOf(error)
  })
  await output.done(report, basename(file), sentenceOf(report, dryRun === true))
  if (report.failed === 0) return 0
  if (output.isForPeople) for (const line of problemLines(report)) note(line)
  return 1
}

function sentenceOf({ added, updated, unchanged, skipped, failed, rows }: ImportReportJson, isDry: boolean): string {
  const parts = [
    `${added} added`,
    ...(updated > 0 ? [`${updated} with new product or tags`] : []),
    ...(unchanged > 0 ? [`${unchanged} known`] : []),
    ...(skipped > 0 ? [`${skipped} revoked since and left so`] : []),
    ...(failed > 0 ? [`${failed} refused`] : []),
  ]
  return `${counted(rows, 'row')}${isDry ? ', as it would be' : ''}: ${parts.join(', ')}`
}

function problemLines({ problems, failed }: ImportReportJson): string[] {
  const shown = problems.slice(0, shownProblems).map(({ line, endpoint, message }) => {
    return printable(`line ${line}${endpoint === undefined ? '' : `, ${endpoint}`}: ${message}`)
  })
  return failed > shown.length ? [...shown, `and ${failed - shown.length} more`] : shown
}

/** With the rows that are to blame, where the server names them. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof ServerProblem) || error.problem.code !== 'credentials.rows') return error
  const report = error.problem['report'] as ImportReportJson
  return new CommandFailure(error.message, { exitCode: 2, advice: [...problemLines(report), ...error.advice] })
}
