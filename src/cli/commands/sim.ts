/** `coapstan sim`: fleets of virtual devices, against a running server or in virtual time. */
import { durationText } from '../../base/duration-text.ts'
import { type AddCommand, does, type Frame, usualCommand, withExamples } from '../command.ts'
import type { Command } from 'commander'
import type { Outcome } from '../../sim/scenario/outcome.ts'
import type { Scenario } from '../../sim/scenario/scenario.ts'
import { usageFailure } from '../failure.ts'
import { countOf, durationOf, type Session } from '../session.ts'

interface RunOptions {
  readonly virtual?: boolean
  readonly devices?: string
  readonly seed?: string
  readonly compress?: string
  readonly duration?: string
  readonly picture?: string
  readonly withdraw?: boolean
  readonly yesThisIsMyServer?: boolean
}

export const addSim: AddCommand = (parent, frame) => {
  const sim = withExamples(
    parent.command('sim').description('run fleets of virtual devices, and see what a server makes of them'),
    ['coapstan sim list', 'coapstan sim run first-fleet', 'coapstan sim run failing-update --virtual'],
  )
  addRun(sim, frame)
  does(
    usualCommand(sim, 'list').description('list the scenarios that come along'),
    frame,
    ['coapstan sim list'],
    async (session) => {
      const { scenarioOf, shippedScenarios } = await import('../sim/catalogue.ts')
      const rows = shippedScenarios().map((name) => scenarioOf(session, name).scenario)
      await session.output.list({
        rows,
        columns: [
          { title: 'SCENARIO', text: ({ name }) => name },
          { title: 'DEVICES', text: ({ devices }) => String(devices), align: 'right' },
          { title: 'LASTS', text: ({ duration }) => `≤ ${durationText(duration)}`, align: 'right' },
          { title: 'WHAT', text: ({ title }) => title, flexible: true },
        ],
        name: ({ name }) => name,
        empty: 'no scenarios',
        whole: rows.map(({ name, title, description, devices }) => ({ name, title, description, devices })),
      })
    },
  )
  does(
    sim
      .command('show')
      .argument('<scenario>', 'a name from the list, or a file')
      .description('print a scenario, to begin one of your own with'),
    frame,
    ['coapstan sim show first-fleet > my-fleet.yaml'],
    async (session, [reference]) => {
      const { scenarioOf } = await import('../sim/catalogue.ts')
      session.surroundings.out.write(scenarioOf(session, reference!).text)
    },
  )
}

function addRun(sim: Command, frame: Frame): void {
  does<RunOptions>(
    sim
      .command('run')
      .argument('<scenario>', 'a name from the list, or a file')
      .description('run a scenario; exit code 1 where it ends otherwise than its `expect` says')
      .option('--virtual', 'a server of its own and virtual time: no sockets, nothing to start first')
      .option('--devices <number>', 'instead of what the scenario says')
      .option('--duration <duration>', 'instead of what the scenario says')
      .option('--seed <number>', 'another draw of the same scenario')
      .option('--compress <factor>', 'intervals, lifetimes and reboots of devices are so many times shorter')
      .option('--picture <file>', 'write an SVG of the fleet over time')
      .option('--withdraw', 'take devices and keys away from the server again at the end')
      .option('--yes-this-is-my-server', 'the server is on another machine, and may be put under load'),
    frame,
    [
      'coapstan sim run first-fleet',
      'coapstan sim run failing-update --devices 500 --picture fleet.svg',
      'coapstan sim run my-fleet.yaml --virtual --devices 100000 -o json',
    ],
    (session, [reference], options) => run(session, reference!, options),
  )
}

async function run(session: Session, reference: string, options: RunOptions): Promise<number> {
  const { scenarioOf } = await import('../sim/catalogue.ts')
  const scenario = adjusted(scenarioOf(session, reference).scenario, options)
  const { unmet } = await import('../../sim/scenario/outcome.ts')
  const outcome = await outcomeOf(session, scenario, options)
  const missed = unmet(outcome, scenario.expect)
  await show(session, scenario, outcome, missed, options.picture)
  if (session.surroundings.interrupted.aborted) return 130
  return missed.length === 0 ? 0 : 1
}

async function outcomeOf(session: Session, scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { virtual = false, withdraw = false, yesThisIsMyServer = false } = options
  if (virtual) {
    const { runInVirtualTime } = await import('../sim/virtual-run.ts')
    return runInVirtualTime(session, scenario)
  }
  const { runOverSockets } = await import('../sim/socket-run.ts')
  return runOverSockets(session, scenario, { withdraw, mayLeaveMachine: yesThisIsMyServer })
}

async function show(
  { note, output, surroundings }: Session,
  scenario: Scenario,
  outcome: Outcome,
  missed: readonly string[],
  picture: string | undefined,
): Promise<void> {
  const { pictureOf, summaryRows } = await import('../sim/summary.ts')
  const { marks: _, samples: __, ...whole } = outcome
  await output.list({
    rows: summaryRows(outcome),
    columns: [
      { title: 'WHAT', text: ({ what }) => what, style: () => 'dim' },
      { title: 'FIGURES', text: ({ figures }) => figures },
    ],
    name: () => scenario.name,
    empty: '',
    whole: { ...whole, unmet: missed },
    bare: true,
  })
  for (const line of outcome.report) note(line)
  if (picture !== undefined) {
    surroundings.writeFile(picture, new TextEncoder().encode(pictureOf(scenario, outcome)))
    note(`the picture is in ${picture}`)
  }
  for (const line of missed) note(`not as expected: ${line}`)
}

function adjusted(scenario: Scenario, { compress, devices, duration, seed }: RunOptions): Scenario {
  const factor = compress === undefined ? scenario.compress : Number(compress)
  if (!(factor >= 1 && factor <= 1000)) throw usageFailure(`--compress '${compress}' is no number from 1 to 1000`)
  return {
    ...scenario,
    compress: factor,
    ...(devices !== undefined && { devices: countOf('--devices', devices, 1) }),
    ...(seed !== undefined && { seed: countOf('--seed', seed) }),
    ...(duration !== undefined && {
      duration: durationOf('--duration', duration) as Scenario['duration'],
    }),
  }
}
