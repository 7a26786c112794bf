/** `coapstan observe rules`: what is observed on every device of a product or with certain tags. */
import type { Command } from 'commander'
import type { ObservationRuleJson } from '../../api/contract/observation.ts'
import { does, usualCommand, withExamples, type Frame } from '../command.ts'
import type { DeviceQuery } from '../fleet.ts'
import { attributeList } from '../content.ts'
import { countOf, pairsOf, type Session } from '../session.ts'
import type { Column } from '../table.ts'
import { timeColumn } from '../time-column.ts'

export function addObserveRules(observe: Command, frame: Frame): void {
  const rules = withExamples(
    observe.command('rules').description('list what is observed on many devices by a rule; delete one'),
    ['coapstan observe rules', 'coapstan observe rules delete 3'],
  )
  does(
    usualCommand(rules, 'list').description('list the rules'),
    frame,
    ['coapstan observe rules'],
    async ({ client, output, surroundings }) => {
      const { rules: rows } = await client.call('listObservationRules', {})
      await output.list({
        rows,
        columns: columns(surroundings.now()),
        name: ({ id }) => String(id),
        empty: 'there are no rules; make one with: coapstan observe --select product=demo /3/0/9',
      })
    },
  )
  does(
    rules
      .command('delete')
      .argument('<id>', 'its number')
      .description('delete a rule; what it alone wanted is no longer observed'),
    frame,
    ['coapstan observe rules delete 3'],
    async ({ client, output }, [id]) => {
      await client.call('removeObservationRule', { params: { id: countOf('rule', id!, 1) } })
      await output.done({ id: Number(id) }, id!, `rule ${id} is deleted`)
    },
  )
}

/** Makes a rule of what `--select` says, for devices to come too. */
export async function addRule(
  { client, output, note }: Session,
  filter: DeviceQuery,
  path: string,
  attributes: string | undefined,
): Promise<void> {
  const { product, tag = [] } = filter
  const body = {
    ...(product !== undefined && { product }),
    tags: pairsOf('tag', tag),
    path,
    ...(attributes !== undefined && { attributes }),
  }
  const rule = await client.call('addObservationRule', { body })
  await output.done(rule, String(rule.id), `rule ${rule.id}: ${rule.path} is observed on ${selectionText(rule)}`)
  note(
    `a rule: it holds for devices to come, too (--each asks only those there are now); end it with: coapstan observe rules delete ${rule.id}`,
  )
}

function selectionText({ product, tags }: Pick<ObservationRuleJson, 'product' | 'tags'>): string {
  const parts = Object.entries(tags).map(([name, value]) => `tag.${name}=${value}`)
  return [...(product === undefined ? [] : [`product=${product}`]), ...parts].join(',')
}

function columns(now: number): readonly Column<ObservationRuleJson>[] {
  return [
    { title: 'ID', text: ({ id }) => String(id), align: 'right' },
    { title: 'DEVICES', text: selectionText, flexible: true },
    { title: 'PATH', text: ({ path }) => path },
    { title: 'WHEN', text: ({ attributes = {} }) => attributeList(attributes) },
    timeColumn('CREATED', ({ createdAt }) => createdAt, now),
  ]
}
