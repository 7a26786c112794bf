/** `coapstan bootstrap`: who was bootstrapped and how far it came; templates are in a file of their own. */
import type { Command } from 'commander'
import type { RunJson } from '../../api/contract/bootstrap.ts'
import { does, withExamples, type AddCommand, type Frame } from '../command.ts'
import { countOf } from '../session.ts'
import { type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { addTemplates } from './bootstrap-template.ts'
import { timeColumn } from '../time-column.ts'

export const addBootstrap: AddCommand = (parent, frame) => {
  const bootstrap = withExamples(
    parent.command('bootstrap').description('give devices their servers and keys: templates, and who got what'),
    [
      'coapstan bootstrap template add meter meter.yaml',
      'coapstan bootstrap log --failed',
      'coapstan bootstrap show urn:dev:demo-1',
    ],
  )
  addTemplates(bootstrap, frame)
  addShow(bootstrap, frame)
  addLog(bootstrap, frame)
  addTrigger(bootstrap, frame)
}

function addShow(bootstrap: Command, frame: Frame): void {
  does(
    bootstrap
      .command('show')
      .argument('<endpoint>', 'an endpoint name')
      .description('show the newest bootstrap of a device, step by step'),
    frame,
    ['coapstan bootstrap show urn:dev:demo-1'],
    async ({ client, output, surroundings, note }, [endpoint]) => {
      const run = await client.call('readDeviceBootstrap', { params: { endpoint: endpoint! } })
      await output.list({
        rows: run.steps,
        columns: stepColumns(surroundings.now()),
        name: ({ path }) => path,
        empty: 'nothing was done yet',
        whole: run,
      })
      if (output.isForPeople) note(summaryOf(run))
    },
  )
}

interface LogOptions {
  readonly failed?: boolean
  readonly limit: string
}

function addLog(bootstrap: Command, frame: Frame): void {
  does<LogOptions>(
    bootstrap
      .command('log')
      .argument('[endpoint]', 'of this device only')
      .description('list the newest bootstraps')
      .option('--failed', 'only those that failed')
      .option('--limit <count>', 'the newest so many', '50'),
    frame,
    ['coapstan bootstrap log', 'coapstan bootstrap log urn:dev:demo-1 -o json', 'coapstan bootstrap log --failed'],
    async ({ client, output, surroundings }, [endpoint], { failed, limit }) => {
      const filter = { ...(endpoint !== undefined && { endpoint }), ...(failed && { failed }) }
      const whole = await client.call('listBootstrapRuns', {
        query: { ...filter, limit: countOf('--limit', limit, 1) },
      })
      await output.list({
        rows: whole.runs,
        columns: runColumns(surroundings.now()),
        name: ({ id }) => String(id),
        empty: 'nobody was bootstrapped; docs/bootstrap.md says how it begins',
        whole,
      })
    },
  )
}

function addTrigger(bootstrap: Command, frame: Frame): void {
  does<{ instance?: string }>(
    bootstrap
      .command('trigger')
      .argument('<endpoint>', 'an endpoint name')
      .description('have a device ask its bootstrap server again: executes /1/x/9 when it is next awake')
      .option('--instance <number>', 'of object 1; the first it has registered unless told'),
    frame,
    ['coapstan bootstrap trigger urn:dev:demo-1', 'coapstan bootstrap trigger urn:dev:demo-1 --instance 2'],
    async ({ client, output, note }, [endpoint], { instance }) => {
      const body = instance === undefined ? {} : { instance: countOf('--instance', instance) }
      const operation = await client.call('triggerBootstrap', { params: { endpoint: endpoint! }, body })
      await output.done(operation, String(operation.id), `operation ${operation.id}: executes ${operation.path}`)
      note(`see what comes of it: coapstan bootstrap show ${endpoint}`)
    },
  )
}

const stepStyles: Readonly<Record<RunJson['steps'][number]['state'], Style>> = {
  pending: 'yellow',
  done: 'green',
  skipped: 'dim',
  failed: 'red',
}

function stepColumns(now: number): readonly Column<RunJson['steps'][number]>[] {
  return [
    { title: 'STEP', text: ({ kind }) => kind },
    { title: 'PATH', text: ({ path }) => path },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => stepStyles[state] },
    { title: 'CODE', text: ({ code }) => code ?? '' },
    timeColumn('WHEN', ({ at }) => at, now),
    { title: 'DETAIL', text: ({ detail }) => detail ?? '', flexible: true },
  ]
}

const runStyles: Readonly<Record<RunJson['state'], Style>> = { running: 'yellow', finished: 'green', failed: 'red' }

function runColumns(now: number): readonly Column<RunJson>[] {
  return [
    { title: 'ID', text: ({ id }) => String(id), align: 'right' },
    { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: 'middle' },
    { title: 'TEMPLATE', text: ({ template }) => template },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => runStyles[state] },
    { title: 'STEPS', text: doneOf, align: 'right' },
    timeColumn('BEGAN', ({ startedAt }) => startedAt, now),
    { title: 'REASON', text: ({ reason }) => reason ?? '', flexible: true },
  ]
}

function doneOf({ steps }: RunJson): string {
  return `${steps.filter(({ state }) => state !== 'pending').length}/${steps.length}`
}

function summaryOf(run: RunJson): string {
  const { id, template, state, attempts, reason, secured, credential } = run
  const way = secured ? 'over DTLS' : 'in the clear'
  const given = credential === undefined ? '' : `, given credential ${credential}`
  const again = attempts === 1 ? '' : `, asked ${attempts} times`
  const why = reason === undefined ? '' : `: ${reason}`
  return `bootstrap ${id} by template ${template}, ${way}${given}${again}: ${state}${why}`
}
