/** The report of a campaign as Markdown, for tickets, releases and CI. */
import type { CampaignCountsJson, CampaignReportJson } from '../../api/contract/campaign.ts'
import { sizeText } from '../style.ts'

export function markdownOf(report: CampaignReportJson, picture?: string): string {
  const { verdict, campaign, summary } = report
  const sections = [
    `# Campaign ${cell(campaign.name)}: ${verdict}`,
    summary.map((line) => `- ${cell(line)}`).join('\n'),
    ...(picture === undefined ? [] : [picture]),
    stagesTable(report),
    reasonsTable(report),
    failuresTable(report),
    entriesTable(report),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function stagesTable({ campaign }: CampaignReportJson): string {
  return section(
    `Stages (${sizeText(campaign.bytes)} fetched)`,
    ['Stage', 'Up to', 'Begun', 'Succeeded', 'Failed', 'Timed out', 'Began', 'Passed'],
    campaign.stages.map(({ upTo, share, begun, counts, startedAt, passedAt }, i) => [
      String(i + 1),
      `${upTo} (${share})`,
      String(begun),
      ofAttempted(counts.succeeded, counts),
      ofAttempted(counts.failed, counts),
      String(counts.timedOut),
      startedAt ?? '',
      passedAt ?? '',
    ]),
  )
}

function reasonsTable({ campaign }: CampaignReportJson): string {
  return section(
    'Reasons',
    ['Devices', 'State', 'Because'],
    campaign.reasons.map(({ count, state, reason }) => [String(count), state, reason]),
  )
}

function failuresTable({ failures }: CampaignReportJson): string {
  return section(
    'Failures',
    ['Device', 'Stage', 'Attempts', 'From', 'Runs', 'Result', 'Why', 'Ended'],
    failures.map(({ endpoint, stage, attempts, fromVersion, toVersion, result, reason, detail, finishedAt }) => [
      endpoint,
      stage === undefined ? '' : String(stage),
      String(attempts),
      fromVersion ?? '',
      toVersion ?? '',
      result === undefined ? '' : String(result),
      detail ?? reason ?? '',
      finishedAt ?? '',
    ]),
  )
}

function entriesTable({ entries }: CampaignReportJson): string {
  return section(
    'What was done',
    ['When', 'What', 'By', 'Why'],
    entries.map(({ at, what, by, why }) => [at, what, by, why ?? '']),
  )
}

function ofAttempted(part: number, { attempted }: CampaignCountsJson): string {
  return attempted === 0 ? String(part) : `${part} (${Number(((part / attempted) * 100).toFixed(2))} %)`
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** What devices and people wrote must not become markup. */
function cell(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|<>`*_[\]]/g, (sign) => `\\${sign}`)
}
