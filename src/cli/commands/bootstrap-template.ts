/** `coapstan bootstrap template`: what devices are given when they are bootstrapped. */
import type { Command } from 'commander'
import type { TemplateDraftJson, TemplateJson } from '../../api/contract/bootstrap.ts'
import { does, usualCommand, withExamples, type Frame } from '../command.ts'
import { onlyAt, revisionOption, type Conditional } from '../revision.ts'
import { relativeTime } from '../style.ts'
import type { Column } from '../table.ts'
import { located, templateFile } from '../template-file.ts'
import { timeColumn } from '../time-column.ts'

export function addTemplates(bootstrap: Command, frame: Frame): void {
  const template = withExamples(
    bootstrap.command('template').description('list what devices are given; add, show, remove'),
    ['coapstan bootstrap template', 'coapstan bootstrap template add meter meter.yaml'],
  )
  does(
    usualCommand(template, 'list').description('list the templates'),
    frame,
    ['coapstan bootstrap template list'],
    async ({ client, output, surroundings }) => {
      const whole = await client.call('listBootstrapTemplates', {})
      await output.list({
        rows: whole.templates,
        columns: columns(surroundings.now()),
        name: ({ name }) => name,
        empty: 'no templates; add one with: coapstan bootstrap template add <name> <file>',
        whole,
      })
    },
  )
  does<Conditional>(
    template
      .command('add')
      .argument('<name>', 'what it is called; one of that name is replaced')
      .argument('<file>', 'YAML or JSON; docs/bootstrap.md describes it')
      .description('add a template, or replace it; devices under way go on as they began')
      .addOption(revisionOption()),
    frame,
    ['coapstan bootstrap template add meter meter.yaml'],
    async ({ client, output, surroundings }, [name, file], options) => {
      const template = templateFile(file!, surroundings)
      try {
        const body = template.value as TemplateDraftJson
        const params = { name: name! }
        const answer = await client.call('putBootstrapTemplate', { params, body, ...onlyAt(options) })
        await output.done(
          answer,
          answer.name,
          `template ${answer.name}: ${serversText(answer)}, for ${audienceText(answer)}`,
        )
      } catch (failure) {
        throw located(failure, template)
      }
    },
  )
  does(
    template.command('show').argument('<name>', 'its name').description('show a template, its keys masked'),
    frame,
    ['coapstan bootstrap template show meter', 'coapstan bootstrap template show meter -o json'],
    async ({ client, output, surroundings }, [name]) => {
      const found = await client.call('readBootstrapTemplate', { params: { name: name! } })
      await output.detail({ whole: found, name: found.name, fields: fieldsOf(found, surroundings.now()) })
    },
  )
  does<Conditional>(
    template
      .command('remove')
      .argument('<name>', 'its name')
      .description('remove a template; devices keep what they were given')
      .addOption(revisionOption()),
    frame,
    ['coapstan bootstrap template remove meter'],
    async ({ client, output }, [name], options) => {
      await client.call('removeBootstrapTemplate', { params: { name: name! }, ...onlyAt(options) })
      await output.done({ name }, name!, `template ${name} is removed`)
    },
  )
}

function columns(now: number): readonly Column<TemplateJson>[] {
  return [
    { title: 'NAME', text: ({ name }) => name },
    { title: 'FOR', text: audienceText, flexible: true },
    { title: 'SERVERS', text: serversText, flexible: true },
    timeColumn('CHANGED', ({ changedAt }) => changedAt, now),
  ]
}

function fieldsOf(template: TemplateJson, now: number): [string, string][] {
  const { name, revision, servers, accessControl = [], instances = {}, delete: deleted = [], changedAt } = template
  return [
    ['Template', name],
    ['Revision', revision],
    ['For', audienceText(template)],
    ...servers.map((server, i): [string, string] => [`Server ${i + 1}`, serverText(server)]),
    [
      'Access control',
      accessControl.map(({ object, instance, owner }) => `/${object}/${instance} of ${owner}`).join(', '),
    ],
    ['Instances', Object.keys(instances).join(', ')],
    ['Deletes', ['/0', '/1', ...deleted].join(', ')],
    [
      'Writes',
      `${template.writes === 'object' ? 'whole objects' : 'one instance a message'}${template.verify ? ', read back' : ''}`,
    ],
    ['Changed', `${changedAt} (${relativeTime(changedAt, now)})`],
  ]
}

function serverText({ uri, shortId, security, key, lifetime }: TemplateJson['servers'][number]): string {
  const source =
    key === undefined ? '' : `, key ${key.from}${key.fingerprint === undefined ? '' : ` (${key.fingerprint})`}`
  return `${uri}, short id ${shortId}, ${security}${source}, lifetime ${lifetime} s`
}

function serversText({ servers }: TemplateJson): string {
  return servers.map(({ uri, shortId }) => `${uri} (${shortId})`).join(', ')
}

function audienceText({ for: { product, tags = {}, endpoint } }: TemplateJson): string {
  const parts = [
    ...(product === undefined ? [] : [`product=${product}`]),
    ...Object.entries(tags).map(([name, value]) => `tag.${name}=${value}`),
    ...(endpoint === undefined ? [] : [`endpoint=${endpoint}*`]),
  ]
  return parts.length === 0 ? 'everybody' : parts.join(',')
}
