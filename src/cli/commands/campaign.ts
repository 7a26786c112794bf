/** `coapstan campaign`: firmware for many devices, in stages. */
import type { Command } from 'commander'
import type { CampaignJson, CampaignSummaryJson } from '../../api/contract/campaign.ts'
import { draftFrom, withDefinition, type DefinitionOptions } from '../campaign/definition.ts'
import { drawn, imageText, stateStyle, stateText } from '../campaign/drawing.ts'
import { watchCampaign } from '../campaign/watch.ts'
import { type AddCommand, does, type Frame, usualCommand, withExamples } from '../command.ts'
import { forceOf, type Forcible } from '../force.ts'
import { onlyAt, revisionOption, type Conditional } from '../revision.ts'
import { countOf, type Session } from '../session.ts'
import { counted } from '../style.ts'
import { addCampaignDevices, addCampaignReport } from './campaign-report.ts'
import { timeColumn } from '../time-column.ts'

export const addCampaign: AddCommand = (parent, frame) => {
  const campaign = withExamples(
    parent.command('campaign').description('update many devices in stages that stop by themselves'),
    [
      'coapstan campaign plan spring --image 1.2.0 --stages 10,5%,100% --soak 4h',
      'coapstan campaign create spring --image 1.2.0 --stages 10,5%,100% --soak 4h --start --watch',
    ],
  )
  addDefining(campaign, frame)
  addSeeing(campaign, frame)
  addActing(campaign, frame)
  addCampaignReport(campaign, frame)
  addCampaignDevices(campaign, frame)
}

interface AuthorOptions {
  readonly why?: string
  readonly by?: string
}

/** What an operator does to a campaign: who, why, and as of what. */
interface ActingOptions extends AuthorOptions, Conditional {}

function withAuthor(command: Command, keptWith = 'kept with the campaign'): Command {
  return command.option('--why <text>', keptWith).option('--by <name>', 'who wants it; your login name unless told')
}

function authorOf(
  { why, by }: AuthorOptions,
  { surroundings: { environment } }: Pick<Session, 'surroundings'>,
): AuthorOptions {
  const person = by ?? environment['USER'] ?? environment['USERNAME']
  return { ...(person ? { by: person.slice(0, 128) } : {}), ...(why === undefined ? {} : { why }) }
}

function addDefining(campaign: Command, frame: Frame): void {
  does<DefinitionOptions>(
    withDefinition(
      campaign
        .command('plan')
        .argument('[name]', 'what it would be called')
        .description('say what a campaign would do, to how many devices and for how long; nothing is kept of it'),
    ),
    frame,
    [
      'coapstan campaign plan spring --image 1.2.0 --tag site=berlin',
      'coapstan campaign plan spring --image 1.2.0 --deltas',
      'coapstan campaign plan --file spring.yaml',
    ],
    async (session, [name], options) => {
      const { client, output, note, surroundings } = session
      const plan = await client.call('planCampaign', { body: await draftFrom(name, options, surroundings) }, 60_000)
      await output.list({
        rows: plan.text,
        columns: [{ title: 'PLAN', text: (line) => line }],
        name: () => plan.name,
        empty: '',
        whole: plan,
        bare: true,
      })
      for (const warning of plan.warnings) note(`mind: ${warning}`)
      if (output.isForPeople) note(`to keep it: coapstan campaign create with the same`)
    },
  )
  does<DefinitionOptions & AuthorOptions & Forcible & { start?: boolean; watch?: boolean }>(
    withAuthor(
      withDefinition(
        campaign
          .command('create')
          .argument('[name]', 'what it is called')
          .description('define a campaign; it does nothing before it is started'),
      ),
    )
      .option('--start', 'start it at once')
      .option('--force', forced)
      .option('--watch', 'with --start: show how it goes until it ends or waits for somebody'),
    frame,
    [
      'coapstan campaign create spring --image 1.2.0 --stages 10,5%,100% --soak 4h --stop-above 1',
      'coapstan campaign create --file spring.yaml --start --watch',
    ],
    async (session, [name], options) => {
      const author = authorOf(options, session)
      const body = { ...(await draftFrom(name, options, session.surroundings)), ...author }
      const created = await session.client.call('createCampaign', { body })
      for (const warning of created.warnings ?? []) session.note(`mind: ${warning}`)
      if (options.start !== true) return told(session, created, `campaign ${created.name} is defined`)
      const start = { params: { campaign: created.name }, body: { ...author, ...forceOf(options) } }
      const started = await session.client.call('startCampaign', start)
      if (options.watch === true) return watchCampaign(session, created.name)
      return told(session, started, `campaign ${created.name} is started`)
    },
  )
}

function addSeeing(campaign: Command, frame: Frame): void {
  does<{ limit: string }>(
    usualCommand(campaign, 'list')
      .description('list campaigns, newest first')
      .option('--limit <count>', 'so many', '50'),
    frame,
    ['coapstan campaign list'],
    async ({ client, output, surroundings }, _args, { limit }) => {
      const { campaigns } = await client.call('listCampaigns', { query: { limit: countOf('--limit', limit, 1) } })
      await output.list<CampaignSummaryJson>({
        rows: campaigns,
        columns: [
          { title: 'NAME', text: ({ name }) => name, flexible: true },
          { title: 'STATE', text: stateText, style: stateStyle },
          { title: 'IMAGE', text: ({ image }) => `${image.product} ${image.version}`, flexible: true },
          { title: 'STAGE', text: ({ stage, stages }) => `${stage}/${stages}` },
          {
            title: 'SUCCEEDED',
            text: ({ counts }) => `${counts.succeeded}/${counts.total - counts.skipped}`,
            align: 'right',
          },
          { title: 'FAILED', text: ({ counts }) => String(counts.failed + counts.timedOut), align: 'right' },
          timeColumn('STARTED', ({ startedAt }) => startedAt, surroundings.now()),
          { title: 'REASON', text: ({ reason }) => reason ?? '', flexible: true },
        ],
        name: ({ name }) => name,
        empty: 'no campaigns; define one with: coapstan campaign create <name> --image <image>',
      })
    },
  )
  does(
    campaign.command('show').argument('<campaign>', 'its name or number').description('show how a campaign stands'),
    frame,
    ['coapstan campaign show spring'],
    async ({ client, output, surroundings, paint }, [name]) => {
      const found = await client.call('readCampaign', { params: { campaign: name! } })
      const { out, now } = surroundings
      const columns = out.isTerminal ? out.columns : Number.POSITIVE_INFINITY
      if (output.isForPeople) out.write(`${drawn(found, now(), paint, columns).join('\n')}\n`)
      else await output.done(found, found.name, '')
    },
  )
  does(
    campaign
      .command('watch')
      .argument('<campaign>', 'its name or number')
      .description('show how a campaign goes until it ends or waits for somebody; ends with 0 only where it passed'),
    frame,
    ['coapstan campaign watch spring'],
    (session, [name]) => watchCampaign(session, name!),
  )
}

const forced = 'start it even where it is for no device now, or its image is not at hand'

const actions = [
  ['approve', 'approveCampaign', 'approve a campaign, or its next stage', 'is approved'],
  ['pause', 'pauseCampaign', 'begin no more devices; those under way go on', 'is paused'],
  ['resume', 'resumeCampaign', 'go on after a pause, or after a gate has stopped it', 'goes on'],
  ['abort', 'abortCampaign', 'end a campaign: take back what does not install yet, let go of the rest', 'ends'],
] as const

function addActing(campaign: Command, frame: Frame): void {
  for (const [verb, route, description, done] of actions) {
    does<ActingOptions>(
      withAuthor(
        campaign.command(verb).argument('<campaign>', 'its name or number').description(description),
      ).addOption(revisionOption()),
      frame,
      [`coapstan campaign ${verb} spring --why 'the canary looks well'`],
      async (session, [name], options) => {
        const changed = await session.client.call(route, {
          params: { campaign: name! },
          body: authorOf(options, session),
          ...onlyAt(options),
        })
        return told(session, changed, `campaign ${changed.name} ${done}`)
      },
    )
  }
  does<ActingOptions & Forcible>(
    withAuthor(
      campaign
        .command('start')
        .argument('<campaign>', 'its name or number')
        .description('start a campaign: gather its devices and begin the first stage')
        .option('--force', forced),
    ).addOption(revisionOption()),
    frame,
    ["coapstan campaign start spring --why 'approved by the release board'"],
    async (session, [name], options) => {
      const body = { ...authorOf(options, session), ...forceOf(options) }
      const started = await session.client.call('startCampaign', {
        params: { campaign: name! },
        body,
        ...onlyAt(options),
      })
      return told(session, started, `campaign ${started.name} is started`)
    },
  )
  does<ActingOptions>(
    withAuthor(
      campaign
        .command('remove')
        .argument('<campaign>', 'its name or number')
        .description('remove a campaign that is over, or a draft, with all that was kept of it'),
      'kept with the event',
    ).addOption(revisionOption()),
    frame,
    ['coapstan campaign remove spring', 'coapstan campaign report spring > spring.md   # before it is gone'],
    async ({ client, output, ...session }, [reference], options) => {
      const params = { campaign: reference! }
      const { name, counts } = await client.call('readCampaign', { params })
      await client.call('removeCampaign', { params, query: authorOf(options, session), ...onlyAt(options) })
      const lost = counts.total === 0 ? '' : `, and with it what was kept of ${counted(counts.total, 'device')}`
      await output.done({ name, devices: counts.total }, name, `campaign ${name} is removed${lost}`)
    },
  )
  does<ActingOptions & { image?: string; watch?: boolean }>(
    withAuthor(
      campaign
        .command('rollback')
        .argument('<campaign>', 'its name or number')
        .description('take the devices a campaign has touched to another image, and nobody else')
        .option('--image <image>', 'which, for all; each goes to the one it came from unless told')
        .option('--watch', 'show how it goes'),
    ).addOption(revisionOption()),
    frame,
    [
      'coapstan campaign rollback spring --why "devices lose their clock"',
      'coapstan campaign rollback spring --image 1.1.0',
    ],
    async (session, [name], options) => {
      const { image } = options
      const body = { ...authorOf(options, session), ...(image === undefined ? {} : { image }) }
      const params = { campaign: name! }
      const back = await session.client.call('rollBackCampaign', { params, body, ...onlyAt(options) })
      for (const warning of back.warnings ?? []) session.note(`mind: ${warning}`)
      if (options.watch === true) return watchCampaign(session, back.name)
      return told(session, back, `campaign ${back.name} takes the touched devices to ${imageText(back)}`)
    },
  )
}

async function told({ output, note }: Session, campaign: CampaignJson, sentence: string): Promise<void> {
  const { name, state, advice, counts } = campaign
  await output.done(campaign, name, sentence)
  if (!output.isForPeople) return
  if (counts.updating > 0 && state !== 'running') note(`${counted(counts.updating, 'device')} under way go on`)
  note(`see how it goes: coapstan campaign watch ${name}`)
  if (advice !== undefined) note(`next: ${advice}`)
}
