/** Watching a campaign until it comes to its end or waits for somebody, over restarts of the server too. */
import type { CampaignJson } from '../../api/contract/campaign.ts'
import { Unreachable } from '../client.ts'
import { Interrupted } from '../failure.ts'
import type { Session } from '../session.ts'
import { columnsOf, cutTo } from '../style.ts'
import { drawn, stateText, withoutColours } from './drawing.ts'

/** Milliseconds between two looks. */
const period = 1000

/** States in which nothing goes on by itself. */
const standing: readonly CampaignJson['state'][] = ['draft', 'completed', 'aborted']
const waiting: readonly CampaignJson['state'][] = ['paused', 'halted', 'awaiting-approval']

/** 0 where it has passed, else 1. */
export async function watchCampaign(session: Session, name: string): Promise<number> {
  const { surroundings, paint } = session
  const { interrupted, pause, now, out } = surroundings
  const screen = new Drawing(session)
  let campaigns = await look(session, name)
  let wasHalted = false
  for (;;) {
    const columns = out.isTerminal ? out.columns : Number.POSITIVE_INFINITY
    const lines = campaigns.map((campaign) => drawn(campaign, now(), paint, columns))
    screen.show(
      lines.flatMap((each, i) => (i === 0 ? each : ['', ...each])),
      campaigns,
    )
    const [campaign] = campaigns
    // Its way back begins a moment after it has halted, or not at all.
    const isAwaited = isReturning(campaign) && !wasHalted
    if (campaigns.every(isAtRest) && !isAwaited) {
      return campaign.verdict === 'passed' ? 0 : 1
    }
    wasHalted = campaign.state === 'halted'
    await pause(period, interrupted)
    if (interrupted.aborted) throw new Interrupted([`the campaign goes on; see how: coapstan campaign watch ${name}`])
    try {
      campaigns = await look(session, name)
    } catch (error) {
      // It was there when this began; it comes back, and the campaign with it.
      if (!(error instanceof Unreachable)) throw error
      screen.show([`${name}  no server answers; trying again`], campaigns)
    }
  }
}

/** The campaign, and the one that takes its devices back where there is one. */
async function look(
  { client }: Session,
  name: string,
): Promise<readonly [CampaignJson] | readonly [CampaignJson, CampaignJson]> {
  const campaign = await client.call('readCampaign', { params: { campaign: name } })
  if (campaign.rollback === undefined) return [campaign]
  return [campaign, await client.call('readCampaign', { params: { campaign: campaign.rollback } })]
}

const isReturning = ({ state, definition, rollback }: CampaignJson): boolean =>
  state === 'halted' && definition.onBreach === 'rollback' && rollback === undefined

/** Over, or nobody but a person moves it: then devices under way are waited for. */
function isAtRest({ state, counts }: CampaignJson): boolean {
  return standing.includes(state) || (waiting.includes(state) && counts.updating === 0)
}

const up = (lines: number): string => (lines === 0 ? '\r' : `\u001b[${lines}A\r`)
const clearBelow = '\u001b[J'

/** On a terminal the same lines drawn again; elsewhere a line whenever something has changed. */
class Drawing {
  readonly #session: Session
  #height = 0
  #last: readonly string[] = []

  constructor(session: Session) {
    this.#session = session
  }

  show(lines: readonly string[], campaigns: readonly CampaignJson[]): void {
    const { output, surroundings } = this.#session
    const { out } = surroundings
    if (!output.isForPeople) this.#changed(campaigns.map((campaign) => JSON.stringify(campaign)))
    else if (!out.isTerminal) this.#changed(campaigns.map(plain))
    else {
      const fitted = lines.map((line) => fit(line, out.columns - 1))
      out.write(`${up(this.#height)}${clearBelow}${fitted.join('\n')}\n`)
      this.#height = fitted.length
    }
  }

  #changed(lines: readonly string[]): void {
    for (const line of lines.filter((each) => !this.#last.includes(each))) {
      this.#session.surroundings.out.write(`${line}\n`)
    }
    this.#last = lines
  }
}

function plain(campaign: CampaignJson): string {
  const { name, stage, stages, counts, reason } = campaign
  const failed = counts.failed + counts.timedOut
  const why = reason === undefined ? '' : `: ${reason}`
  return `${name} ${stateText(campaign)}, stage ${stage} of ${stages.length}, ${counts.succeeded} succeeded, ${failed} failed, ${counts.updating} under way, ${counts.waiting} waiting${why}`
}

/** Cut to the screen, colours not counted. */
function fit(line: string, columns: number): string {
  let left = columns
  return withoutColours(line, (text) => {
    const shown = cutTo(text, left)
    left -= columnsOf(shown)
    return shown
  })
}
