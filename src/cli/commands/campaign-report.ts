/** `coapstan campaign report` and `devices`: what became of a campaign, and of each of its devices. */
import type { Command } from 'commander'
import type { CampaignDeviceJson, CampaignReportJson } from '../../api/contract/campaign.ts'
import type { Call } from '../../api/contract/routes.ts'
import { markdownOf } from '../campaign/markdown.ts'
import { does, type Frame } from '../command.ts'
import { countOf, type Session } from '../session.ts'
import { sizeText, type Style } from '../style.ts'
import { timeColumn } from '../time-column.ts'

export function addCampaignReport(campaign: Command, frame: Frame): void {
  does<{ svg?: string; picture?: boolean }>(
    campaign
      .command('report')
      .argument('<campaign>', 'its name or number')
      .description('print what became of a campaign as Markdown, or with -o json; ends with 0 only where it passed')
      .option('--svg <file>', 'write a picture of its progress over time')
      .option('--picture', 'put the picture into the Markdown'),
    frame,
    ['coapstan campaign report spring > spring.md', 'coapstan campaign report spring --svg spring.svg -o json'],
    async ({ client, output, surroundings, note }, [name], { svg, picture }) => {
      const report = await client.call('reportCampaign', { params: { campaign: name! } })
      const drawing = svg !== undefined || picture === true ? await pictured(report) : undefined
      if (output.isForPeople) surroundings.out.write(markdownOf(report, picture === true ? drawing : undefined))
      else await output.done(report, report.campaign.name, '')
      if (svg !== undefined && drawing !== undefined) {
        surroundings.writeFile(svg, new TextEncoder().encode(drawing))
        note(`the picture is in ${svg}`)
      }
      return report.verdict === 'passed' ? 0 : 1
    },
  )
}

type CampaignDevicePage = Call<'listCampaignDevices'>['answer']

/** Loaded when it is wanted: most commands draw nothing. */
async function pictured(report: CampaignReportJson): Promise<string> {
  const { pictureOf } = await import('../campaign/picture.ts')
  return pictureOf(report)
}

const styles: Partial<Readonly<Record<CampaignDeviceJson['state'], Style>>> = {
  updating: 'cyan',
  succeeded: 'green',
  failed: 'red',
  'timed-out': 'red',
  skipped: 'dim',
}

export function addCampaignDevices(campaign: Command, frame: Frame): void {
  does<{ state?: string; limit: string }>(
    campaign
      .command('devices')
      .argument('<campaign>', 'its name or number')
      .description('list the devices of a campaign, and how each stands')
      .option('--state <state>', 'only those: waiting, updating, retrying, succeeded, failed, timed-out, …')
      .option('--limit <count>', 'so many', '100'),
    frame,
    ['coapstan campaign devices spring --state failed'],
    async ({ client, output, surroundings }, [name], { state, limit }) => {
      const wanted = countOf('--limit', limit, 1)
      const rows = await devicesOf(client, name!, state, wanted)
      await output.list<CampaignDeviceJson>({
        rows,
        columns: [
          { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: 'middle' },
          { title: 'STAGE', text: ({ stage }) => (stage === undefined ? '' : String(stage)), align: 'right' },
          { title: 'STATE', text: (device) => device.state, style: (device) => styles[device.state] },
          { title: 'TRIES', text: ({ attempts }) => String(attempts), align: 'right' },
          { title: 'HOP', text: hopOf },
          { title: 'FROM', text: ({ fromVersion }) => fromVersion ?? '' },
          { title: 'RUNS', text: ({ toVersion }) => toVersion ?? '' },
          { title: 'FETCHED', text: ({ bytes }) => sizeText(bytes), align: 'right' },
          timeColumn('ENDED', ({ finishedAt }) => finishedAt, surroundings.now()),
          { title: 'REASON', text: ({ detail, reason }) => detail ?? reason ?? '', flexible: true },
        ],
        name: ({ endpoint }) => endpoint,
        empty: 'no such devices in this campaign',
      })
    },
  )
}

/** `1/2` while the first of two is not confirmed, with `delta` where one is handed over. */
function hopOf({ way }: CampaignDeviceJson): string {
  if (way === undefined) return ''
  const { legs, done } = way
  const at = Math.min(done, legs.length - 1)
  const kind = legs[at]?.kind === 'delta' ? 'delta' : ''
  return legs.length === 1 ? kind : `${at + 1}/${legs.length} ${kind}`.trim()
}

async function devicesOf(
  client: Session['client'],
  campaign: string,
  state: string | undefined,
  limit: number,
): Promise<readonly CampaignDeviceJson[]> {
  const rows: CampaignDeviceJson[] = []
  let after: number | undefined
  do {
    const query = {
      limit: Math.min(1000, limit - rows.length),
      ...(after === undefined ? {} : { after }),
      // The server knows which states there are.
      ...(state === undefined ? {} : { state: state as CampaignDeviceJson['state'] }),
    }
    const page: CampaignDevicePage = await client.call('listCampaignDevices', { params: { campaign }, query })
    rows.push(...page.devices)
    after = page.next
  } while (after !== undefined && rows.length < limit)
  return rows
}
