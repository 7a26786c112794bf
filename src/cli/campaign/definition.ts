/** What a campaign is to be: from a YAML file, from flags, or from both, where the flags win. */
import type { Command } from 'commander'
import type { CampaignDraftJson } from '../../api/contract/campaign-draft.ts'
import { gathered } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { countOf, pairsOf } from '../session.ts'
import type { Surroundings } from '../surroundings.ts'

export interface DefinitionOptions {
  readonly file?: string
  readonly image?: string
  readonly product?: string
  readonly tag?: readonly string[]
  readonly from?: string
  readonly seenWithin?: string
  readonly endpoint?: readonly string[]
  readonly stages?: string
  readonly soak?: string
  readonly stopAbove?: string
  readonly sample?: string
  readonly stopAfter?: string
  readonly parallel?: string
  readonly bytesPerSecond?: string
  readonly perCell?: string
  readonly perPrefix?: string
  readonly window?: string
  readonly days?: string
  readonly zone?: string
  readonly windowHolds?: string
  readonly battery?: string
  readonly signal?: string
  readonly deltas?: boolean
  readonly attempts?: string
  readonly giveUpAfter?: string
  readonly deadline?: string
  readonly approval?: string
  readonly onBreach?: string
  readonly rollbackTo?: string
  readonly lateJoiners?: boolean
  readonly priority?: string
}

export function withDefinition(command: Command): Command {
  return command
    .option('--file <yaml>', 'the definition as a file; flags below change it')
    .option('--image <image>', 'what to install: a version, product@version, a key or a SHA-256')
    .option('--product <product>', 'devices of this product; that of the image unless told')
    .option('--tag <name=value>', 'devices with this tag; may be given again', gathered)
    .option('--from <versions>', 'devices that run such a version now: 1.0.3, <1.2.0, 1.0.x')
    .option('--seen-within <duration>', 'devices heard of lately: 7d')
    .option('--endpoint <name>', 'this device and those named so; may be given again', gathered)
    .option('--stages <shares>', 'devices begun by the end of each stage: 10,5%,25%,100%')
    .option('--soak <duration>', 'how long each stage but the last is watched: 4h')
    .option('--stop-above <percent>', 'stop above so many percent of failures among the attempted: 1, 0.5')
    .option('--sample <count>', 'but not before so many were attempted: 20')
    .option('--stop-after <count>', 'stop at so many failures')
    .option('--parallel <count>', 'devices updated at one time')
    .option('--bytes-per-second <octets>', 'what all that is handed to its devices may take')
    .option('--per-cell <count>', 'devices at one time in one radio cell')
    .option('--per-prefix <count>', 'devices at one time behind one border router')
    .option('--window <from-to>', 'begin updates only then: 22:00-04:00')
    .option('--days <days>', 'with --window: only on these days: mon,tue')
    .option('--zone <zone>', "with --window: Europe/Berlin, UTC, or device for each device's own clock")
    .option('--window-holds <what>', 'with --window: begin, or install where downloads may go on at any time')
    .option('--battery <percent>', 'only devices that reported at least so much')
    .option('--signal <dbm>', 'only devices that reported at least such a signal: -105')
    .option('--deltas', 'the devices take deltas: from what they run, where there are some')
    .option('--attempts <count>', 'tries of one device altogether')
    .option('--give-up-after <duration>', 'a device whose update is not done by then has timed out: 24h')
    .option('--deadline <duration>', 'after its start nobody is begun any more: 14d')
    .option('--approval <when>', 'none, campaign, or stage: who starts it is not alone')
    .option('--on-breach <action>', 'when it stops itself: pause, or rollback')
    .option('--rollback-to <image>', 'the image a rollback takes the devices to')
    .option('--late-joiners', 'devices that fit later join; wants --deadline')
    .option('--priority <number>', 'the higher goes first where two want one device: 0 to 1000')
}

/** Throws CommandFailure where the file or a flag makes no sense. */
export async function draftFrom(
  name: string | undefined,
  options: DefinitionOptions,
  surroundings: Surroundings,
): Promise<CampaignDraftJson> {
  const written = options.file === undefined ? {} : await readDefinition(options.file, surroundings)
  const flags = flagsOf(options)
  const draft = merged(merged(written, flags), name === undefined ? {} : { name })
  if (typeof draft['name'] !== 'string')
    throw usageFailure('a campaign wants a name', 'as argument, or as name: in the file')
  if (typeof draft['image'] !== 'string')
    throw usageFailure('a campaign wants an image', 'with --image, or as image: in the file')
  // The server checks it, field by field.
  return draft as unknown as CampaignDraftJson
}

type Members = Readonly<Record<string, unknown>>

async function readDefinition(file: string, { readText }: Surroundings): Promise<Members> {
  const text = readText(file)
  if (text === undefined) throw usageFailure(`there is no file ${file}`)
  const { parse } = await import('yaml')
  let content: unknown
  try {
    content = parse(text)
  } catch (error) {
    throw usageFailure(`${file} is no YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
  if (!isMembers(content))
    throw usageFailure(`${file} is no definition of a campaign`, 'it begins with name: and image:')
  return content
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Members of `more` win; groups are merged, lists are replaced. */
function merged(base: Members, more: Members): Members {
  const result: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined) continue
    const before = result[name]
    result[name] = isMembers(before) && isMembers(value) ? merged(before, value) : value
  }
  return result
}

function flagsOf(options: DefinitionOptions): Members {
  const { image, deadline, approval, onBreach, rollbackTo, lateJoiners, giveUpAfter } = options
  return known({
    image,
    select: group({
      product: options.product,
      tags: options.tag === undefined ? undefined : pairsOf('--tag', options.tag),
      version: options.from,
      seenWithin: options.seenWithin,
      endpoints: options.endpoint,
    }),
    stages: stagesOf(options),
    failure: group({
      percent: decimal('--stop-above', options.stopAbove),
      minimumSample: count('--sample', options.sample),
      count: count('--stop-after', options.stopAfter),
    }),
    limits: group({
      parallel: count('--parallel', options.parallel),
      bytesPerSecond: count('--bytes-per-second', options.bytesPerSecond),
      perCell: count('--per-cell', options.perCell),
      perPrefix: count('--per-prefix', options.perPrefix),
    }),
    window: windowOf(options),
    require: group({ battery: count('--battery', options.battery), signal: decimal('--signal', options.signal) }),
    retry: group({ attempts: count('--attempts', options.attempts) }),
    deltas: options.deltas,
    timeout: giveUpAfter,
    deadline,
    approval,
    onBreach,
    rollbackTo,
    lateJoiners,
    priority: options.priority === undefined ? undefined : countOf('--priority', options.priority),
  })
}

function stagesOf({ stages, soak }: DefinitionOptions): readonly Members[] | undefined {
  if (stages === undefined) {
    if (soak !== undefined) throw usageFailure('--soak wants --stages', 'for example --stages 10,5%,100% --soak 4h')
    return undefined
  }
  const shares = stages.split(',').map((share) => share.trim())
  return shares.map((share, i) => {
    const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(share)
    if (match === null)
      throw usageFailure(
        `--stages: '${share}' is neither a number of devices nor a percentage`,
        'for example 10,5%,25%,100%',
      )
    const upTo = match[2] === '%' ? { percent: Number(match[1]) } : { count: Number(match[1]) }
    return known({ ...upTo, soak: i === shares.length - 1 ? undefined : soak })
  })
}

function windowOf({ window, days, zone, windowHolds: holds }: DefinitionOptions): Members | undefined {
  if (window === undefined) {
    if (days !== undefined || zone !== undefined || holds !== undefined)
      throw usageFailure('--days, --zone and --window-holds want --window', 'for example --window 22:00-04:00')
    return undefined
  }
  const match = /^(\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(window)
  if (match === null) throw usageFailure(`--window '${window}' is no time of day`, 'for example 22:00-04:00')
  return known({ from: match[1], to: match[2], days: days?.split(',').map((day) => day.trim()), zone, holds })
}

function known(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** Undefined where nothing of the group is given. */
function group(members: Members): Members | undefined {
  const given = known(members)
  return Object.keys(given).length === 0 ? undefined : given
}

function count(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : countOf(flag, text, 1)
}

function decimal(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text.replace(/%$/, ''))
  if (text.trim() === '' || !Number.isFinite(value)) throw usageFailure(`${flag} '${text}' is no number`)
  return value
}
