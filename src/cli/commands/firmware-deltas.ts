/** `coapstan firmware delta`: what makes one image out of another, smaller than the whole. */
import type { Command } from 'commander'
import type { DeltaJson } from '../../api/contract/image.ts'
import { does, type Frame, usualCommand, withExamples } from '../command.ts'
import { withSpinner } from '../progress.ts'
import { sizeText } from '../style.ts'
import type { Column } from '../table.ts'
import { transferPatience, uploading } from '../upload.ts'
import { timeColumn } from '../time-column.ts'

interface Pair {
  readonly from: string
  readonly to: string
}

export function addDeltaCommands(firmware: Command, frame: Frame): void {
  const deltas = withExamples(firmware.command('delta').description('keep deltas between firmware images'), [
    'coapstan firmware delta add ./1.0-1.1.patch --from 1.0.0 --to 1.1.0',
    'coapstan firmware delta make --from 1.0.0 --to 1.1.0',
  ])
  const paired = (command: Command): Command =>
    command
      .requiredOption('--from <image>', 'the image it is applied to: a version, a key or a SHA-256')
      .requiredOption('--to <image>', 'the image it makes')
  does<Pair>(
    paired(deltas.command('add').argument('<file>', 'as the device wants it').description('add a delta')),
    frame,
    ['coapstan firmware delta add ./1.0-1.1.patch --from 1.0.0 --to 1.1.0'],
    async (session, [file], { from, to }) => {
      const delta = await uploading(session, file!, ({ octets }) =>
        session.client.call('addDelta', { query: { from, to }, octets }, transferPatience),
      )
      await session.output.done(delta, delta.key, `${sentenceOf(delta)} is added`)
    },
  )
  does<Pair>(
    paired(deltas.command('make').description("have the server's command make a delta (knob firmware.delta-command)")),
    frame,
    ['coapstan firmware delta make --from 1.0.0 --to 1.1.0'],
    async ({ client, output, surroundings }, _args, { from, to }) => {
      const make = () => client.call('makeDelta', { body: { from, to } }, transferPatience)
      const delta = await withSpinner(surroundings, () => `making the delta from ${from} to ${to}`, make)
      await output.done(delta, delta.key, `${sentenceOf(delta)} is made`)
    },
  )
  does<{ to?: string }>(
    usualCommand(deltas, 'list').description('list deltas').option('--to <image>', 'those that make this image'),
    frame,
    ['coapstan firmware delta list --to 1.1.0'],
    async ({ client, output, surroundings }, _args, { to }) => {
      const { deltas: rows } = await client.call('listDeltas', { query: to === undefined ? {} : { to } })
      await output.list({
        rows,
        columns: deltaColumns(surroundings.now()),
        name: ({ key }) => key,
        empty: 'no deltas; add one with: coapstan firmware delta add <file> --from … --to …',
      })
    },
  )
  does(
    deltas.command('remove').argument('<key>', 'as the list shows it').description('remove a delta'),
    frame,
    ['coapstan firmware delta remove 0123456789ab'],
    async ({ client, output }, [key]) => {
      await client.call('removeDelta', { params: { key: key! } })
      await output.done({ key }, key!, `${key} is removed`)
    },
  )
}

function deltaColumns(now: number): readonly Column<DeltaJson>[] {
  return [
    { title: 'KEY', text: ({ key }) => key },
    { title: 'FROM', text: ({ from }) => from.slice(0, 12) },
    { title: 'TO', text: ({ to }) => to.slice(0, 12) },
    { title: 'SIZE', text: ({ size }) => sizeText(size), csv: ({ size }) => String(size), align: 'right' },
    timeColumn('ADDED', ({ addedAt }) => addedAt, now),
    { title: 'MADE BY', text: ({ madeBy }) => madeBy, flexible: true },
  ]
}

function sentenceOf({ key, size, from, to }: DeltaJson): string {
  return `delta ${key} from ${from.slice(0, 12)} to ${to.slice(0, 12)}, ${sizeText(size)},`
}
