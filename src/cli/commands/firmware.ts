/** `coapstan firmware`: the way of one device from one image to the next; the images are beside. */
import { Option, type Command } from 'commander'
import { pullWays, type PullWay, type UpdateJson } from '../../api/contract/firmware.ts'
import { does, withExamples, type AddCommand, type Frame } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { countOf, durationOf, type Session } from '../session.ts'
import { counted, sizeText, type Style } from '../style.ts'
import { addDeltaCommands } from './firmware-deltas.ts'
import { addImageCommands } from './firmware-images.ts'
import { addKeyCommands } from './firmware-keys.ts'
import { addDemoCommands } from './firmware-demo.ts'
import { downloadTail, endOf, hopText, watchUpdate } from '../update-watch.ts'
import { timeColumn } from '../time-column.ts'

export const addFirmware: AddCommand = (parent, frame) => {
  const firmware = withExamples(parent.command('firmware').description('keep firmware images and update devices'), [
    'coapstan firmware add ./app-1.1.0.bin --version 1.1.0 --product demo',
    'coapstan firmware update urn:dev:demo-1 1.1.0 --watch',
  ])
  addImageCommands(firmware, frame)
  addKeyCommands(firmware, frame)
  addDeltaCommands(firmware, frame)
  addUpdateCommands(firmware, frame)
  addDemoCommands(firmware, frame)
}

function addUpdateCommands(firmware: Command, frame: Frame): void {
  does<UpdateCommandOptions>(
    firmware
      .command('update')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<image>', 'a version, a key or a SHA-256')
      .description('update the firmware of a device')
      .option('--watch', 'show how it goes until it is confirmed or has failed')
      .option('--target <instance>', 'the object instance that takes it: /5/0, or one of object 9 or 33629')
      .addOption(
        new Option('--via <way>', 'have it fetched over this and nothing else, or pushed').choices([
          ...pullWays,
          'push',
        ]),
      )
      .option('--push', 'the same as --via push')
      .option('--delta', 'deltas from what the device runs, where there are some; else whole images')
      .option('--health-window <duration>', 'how long the new version has to run before it is confirmed')
      .option('--health-uplinks <count>', 'how many messages of it have to be heard as well'),
    frame,
    [
      'coapstan firmware update urn:dev:demo-1 1.1.0 --watch',
      'coapstan firmware update urn:dev:demo-1 1.1.0 --health-window 10m --health-uplinks 2',
      'coapstan firmware update urn:dev:demo-1 1.2.0 --delta',
      'coapstan firmware update urn:dev:demo-1 modem-2.4 --target /33629/1',
    ],
    async (session, [endpoint, image], options) => {
      const update = await session.client.call('startUpdate', {
        params: { endpoint: endpoint! },
        body: { image: image!, ...wishOf(options) },
      })
      if (options.watch) return watchUpdate(session, update)
      await session.output.done(
        update,
        String(update.id),
        `update ${update.id} of ${endpoint} to ${update.way?.goal ?? update.version} is begun${aroundText(update)}`,
      )
      session.note(`see how it goes: coapstan firmware status ${endpoint}`)
    },
  )
  does<{ limit: string; watch?: boolean }>(
    firmware
      .command('status')
      .argument('[endpoint]', 'the newest update of this device')
      .description('show firmware updates')
      .option('--watch', 'with an endpoint: show how it goes until it ends')
      .option('--limit <count>', 'without an endpoint: the newest so many', '20'),
    frame,
    ['coapstan firmware status urn:dev:demo-1', 'coapstan firmware status'],
    async (session, [endpoint], { limit, watch }) => {
      if (endpoint === undefined && watch) throw usageFailure('--watch wants an endpoint')
      if (endpoint === undefined) return listUpdates(session, countOf('--limit', limit, 1))
      const update = await session.client.call('readDeviceUpdate', { params: { endpoint } })
      if (watch) return watchUpdate(session, update)
      await session.output.detail({ whole: update, name: String(update.id), fields: updateFields(update) })
    },
  )
  does(
    firmware.command('cancel').argument('<endpoint>', 'its endpoint name').description('cancel the update of a device'),
    frame,
    ['coapstan firmware cancel urn:dev:demo-1'],
    async (session, [endpoint]) => {
      const { client, output } = session
      const update = await client.call('cancelUpdate', { params: { endpoint: endpoint! } })
      await output.done(update, String(update.id), `update ${update.id} of ${endpoint} is ${update.state}`)
      if (update.state === 'updating' || update.state === 'proving') {
        session.note(`it installs ${update.version} already, which ends as it ends; nothing comes after it`)
      }
      if (update.state === 'cancelling') session.note(`it ends once the device has dropped the image`)
    },
  )
}

interface UpdateCommandOptions {
  readonly watch?: boolean
  readonly target?: string
  readonly push?: boolean
  readonly delta?: boolean
  readonly via?: PullWay | 'push'
  readonly healthWindow?: string
  readonly healthUplinks?: string
}

function wishOf({ target, push, via, delta, healthWindow, healthUplinks }: UpdateCommandOptions) {
  return {
    ...(target === undefined ? {} : { target }),
    ...(delta ? { delta } : {}),
    ...(push || via === 'push' ? { push: true } : {}),
    ...(via === undefined || via === 'push' ? {} : { via }),
    ...(healthWindow === undefined ? {} : { healthWindow: durationOf('--health-window', healthWindow) / 1000 }),
    ...(healthUplinks === undefined ? {} : { healthUplinks: countOf('--health-uplinks', healthUplinks) }),
  }
}

const stateStyles: Readonly<Record<UpdateJson['state'], Style>> = {
  pending: 'cyan',
  offered: 'cyan',
  downloading: 'cyan',
  downloaded: 'cyan',
  updating: 'cyan',
  proving: 'cyan',
  cancelling: 'yellow',
  confirmed: 'green',
  failed: 'red',
  cancelled: 'dim',
  gone: 'dim',
}

async function listUpdates({ client, output, surroundings }: Session, limit: number): Promise<void> {
  const { updates } = await client.call('listUpdates', { query: { limit } })
  await output.list<UpdateJson>({
    rows: updates,
    columns: [
      { title: 'ID', text: ({ id }) => String(id), align: 'right' },
      { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: 'middle' },
      { title: 'VERSION', text: ({ version }) => version },
      { title: 'STATE', text: ({ state }) => state, style: ({ state }) => stateStyles[state] },
      { title: 'FETCHED', text: fetchedText, align: 'right' },
      timeColumn('BEGUN', ({ createdAt }) => createdAt, surroundings.now()),
      { title: 'REASON', text: ({ reason }) => reason ?? '', flexible: true },
    ],
    name: ({ id }) => String(id),
    empty: 'no firmware updates; begin one with: coapstan firmware update <endpoint> <image>',
  })
}

function fetchedText({ fetched, size }: UpdateJson): string {
  return size === 0 ? '' : `${Math.floor((100 * fetched) / size)} %`
}

const retryText: Readonly<Record<NonNullable<UpdateJson['retry']>, string>> = {
  permanent: 'would fail again',
  transient: 'may do',
  inspect: 'only after a look at the device or the image',
}

/** `, over 1.1.0 first`: what comes before the version that was asked for. */
function aroundText({ version, way }: UpdateJson): string {
  if (way === undefined || way.onward.length === 0) return ''
  return `, over ${[version, ...way.onward.slice(0, -1)].join(', then ')} first`
}

function waitingText({ state, reason }: UpdateJson): string {
  return reason === undefined ? state : `${state}: ${reason}`
}

function updateFields(update: UpdateJson): [string, string][] {
  const { id, endpoint, version, fromVersion, size, resumes, result, target, attempts } = update
  return [
    ['Update', String(id)],
    ['Endpoint', endpoint],
    ['Version', fromVersion === undefined ? version : `${version}, from ${fromVersion}`],
    [
      'Way',
      update.way === undefined || update.way.hops === 1 ? '' : `${hopText(update)}, in the end ${update.way.goal}`,
    ],
    ['Hands over', update.package === 'delta' ? 'a delta' : ''],
    ['State', update.finishedAt === undefined ? waitingText(update) : endOf(update)],
    ['Fetched', `${fetchedText(update)} of ${sizeText(size)}, ${downloadTail(update) || counted(resumes, 'resume')}`],
    ['Taken by', target === '/5/0' ? '' : target],
    ['Setbacks', attempts === 0 ? '' : String(attempts)],
    ['Device says', result === undefined ? '' : `update result ${result}`],
    ['Another try', update.retry === undefined ? '' : retryText[update.retry]],
    ['Begun', update.createdAt],
    ['Changed', update.changedAt],
    ['Finished', update.finishedAt ?? ''],
    ['Due', update.dueAt ?? ''],
  ]
}
