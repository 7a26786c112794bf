/** `coapstan firmware`: images, and the way of one device from one to the next. */
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { ImageJson, UpdateJson } from '../../api/contract/firmware.ts'
import { does, withExamples, type AddCommand, type Frame } from '../command.ts'
import { CommandFailure, usageFailure } from '../failure.ts'
import { withSpinner } from '../progress.ts'
import { countOf, type Session } from '../session.ts'
import { counted, relativeTime, sizeText, type Style } from '../style.ts'
import { addMakeDemoImage } from './make-demo-image.ts'
import type { SourceFile } from '../surroundings.ts'
import type { Column } from '../table.ts'
import { downloadTail, endOf, watchUpdate } from '../update-watch.ts'

export const addFirmware: AddCommand = (parent, frame) => {
  const firmware = withExamples(parent.command('firmware').description('keep firmware images and update devices'), [
    'coapstan firmware add ./app-1.1.0.bin --version 1.1.0 --product demo',
    'coapstan firmware update urn:dev:demo-1 1.1.0 --watch',
  ])
  addImageCommands(firmware, frame)
  addUpdateCommands(firmware, frame)
  addMakeDemoImage(firmware, frame)
}

interface AddOptions {
  readonly version: string
  readonly product: string
  readonly notes?: string
}

function addImageCommands(firmware: Command, frame: Frame): void {
  does<AddOptions>(
    firmware
      .command('add')
      .argument('<file>', 'the image as the device wants it')
      .description('add a firmware image')
      .requiredOption('--version <version>', 'what the device calls it once it runs')
      .requiredOption('--product <product>', 'the devices it is for')
      .option('--notes <text>', 'what is new'),
    frame,
    ['coapstan firmware add ./app-1.1.0.bin --version 1.1.0 --product demo'],
    (session, [file], options) => addImage(session, file!, options),
  )
  does<{ product?: string }>(
    firmware.command('list').description('list firmware images').option('--product <product>', 'for this product only'),
    frame,
    ['coapstan firmware list --product demo'],
    async ({ client, output, surroundings }, _args, { product }) => {
      const { images } = await client.call('listImages', { query: product === undefined ? {} : { product } })
      await output.list({
        rows: images,
        columns: imageColumns(surroundings.now()),
        name: ({ key }) => key,
        empty: 'no firmware images; add one with: coapstan firmware add <file> --version … --product …',
      })
    },
  )
  const image = ['<image>', 'its key, its SHA-256, or its version where only one has it'] as const
  does(
    firmware
      .command('show')
      .argument(...image)
      .description('show a firmware image'),
    frame,
    ['coapstan firmware show 1.1.0'],
    async ({ client, output }, [reference]) => {
      const found = await client.call('readImage', { params: { image: reference! } })
      await output.detail({ whole: found, name: found.key, fields: imageFields(found) })
    },
  )
  does(
    firmware
      .command('remove')
      .argument(...image)
      .description('remove a firmware image'),
    frame,
    ['coapstan firmware remove 1.1.0'],
    async ({ client, output }, [reference]) => {
      await client.call('removeImage', { params: { image: reference! } })
      await output.done({ image: reference }, reference!, `${reference} is removed`)
    },
  )
  does(
    firmware
      .command('verify')
      .argument(...image)
      .description('read a stored image again and compare its hash'),
    frame,
    ['coapstan firmware verify 1.1.0'],
    async ({ client, output, surroundings }, [reference]) => {
      const verify = () => client.call('verifyImage', { params: { image: reference! } }, transferPatience)
      const { image: found, intact, detail } = await withSpinner(surroundings, () => `reading ${reference}`, verify)
      if (!intact) throw new CommandFailure(`${reference} is damaged: ${detail ?? 'its hash differs'}`, { exitCode: 1 })
      await output.done(found, found.key, `${found.product} ${found.version} is intact, SHA-256 ${found.sha256}`)
    },
  )
}

function addUpdateCommands(firmware: Command, frame: Frame): void {
  does<{ watch?: boolean }>(
    firmware
      .command('update')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<image>', 'a version, a key or a SHA-256')
      .description('update the firmware of a device')
      .option('--watch', 'show how it goes until it is confirmed or has failed'),
    frame,
    ['coapstan firmware update urn:dev:demo-1 1.1.0 --watch'],
    async (session, [endpoint, image], { watch }) => {
      const update = await session.client.call('startUpdate', {
        params: { endpoint: endpoint! },
        body: { image: image! },
      })
      if (watch) return watchUpdate(session, update)
      await session.output.done(
        update,
        String(update.id),
        `update ${update.id} of ${endpoint} to ${update.version} is begun`,
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
    async ({ client, output }, [endpoint]) => {
      const update = await client.call('cancelUpdate', { params: { endpoint: endpoint! } })
      await output.done(update, String(update.id), `update ${update.id} of ${endpoint} is ${update.state}`)
    },
  )
}

async function addImage(session: Session, file: string, { version, product, notes }: AddOptions): Promise<void> {
  const { client, output, surroundings } = session
  const source = surroundings.openFile(file)
  if (source === undefined) throw usageFailure(`there is no file ${file}`)
  const upload = measured(source)
  const image = await withSpinner(
    surroundings,
    () => `uploading ${basename(file)} ${Math.floor((100 * upload.sent()) / Math.max(1, source.size))} %`,
    () =>
      client.call(
        'addImage',
        {
          query: { version, product, ...(notes !== undefined && { notes }) },
          octets: { size: source.size, stream: upload.stream },
        },
        transferPatience,
      ),
  )
  await output.done(
    image,
    image.key,
    `${image.product} ${image.version} is added: ${sizeText(image.size)}, key ${image.key}`,
  )
}

/** Milliseconds an image may take to be sent, or to be read from a slow disk. */
const transferPatience = 12 * 60_000

function measured(source: SourceFile): { stream: ReadableStream<Uint8Array>; sent: () => number } {
  let sent = 0
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sent += chunk.length
      controller.enqueue(chunk)
    },
  })
  return { stream: source.stream().pipeThrough(count), sent: () => sent }
}

function imageColumns(now: number): readonly Column<ImageJson>[] {
  return [
    { title: 'KEY', text: (image) => image.key },
    { title: 'PRODUCT', text: (image) => image.product },
    { title: 'VERSION', text: (image) => image.version },
    { title: 'SIZE', text: (image) => sizeText(image.size), align: 'right' },
    { title: 'ADDED', text: (image) => relativeTime(image.addedAt, now) },
    { title: 'NOTES', text: (image) => image.notes ?? '', flexible: true },
  ]
}

function imageFields({ key, product, version, size, sha256, notes, addedAt }: ImageJson): [string, string][] {
  return [
    ['Key', key],
    ['Product', product],
    ['Version', version],
    ['Size', `${size} B`],
    ['SHA-256', sha256],
    ['Notes', notes ?? ''],
    ['Added', addedAt],
  ]
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
      { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: true },
      { title: 'VERSION', text: ({ version }) => version },
      { title: 'STATE', text: ({ state }) => state, style: ({ state }) => stateStyles[state] },
      { title: 'FETCHED', text: fetchedText, align: 'right' },
      { title: 'BEGUN', text: ({ createdAt }) => relativeTime(createdAt, surroundings.now()) },
      { title: 'REASON', text: ({ reason }) => reason ?? '', flexible: true },
    ],
    name: ({ id }) => String(id),
    empty: 'no firmware updates; begin one with: coapstan firmware update <endpoint> <image>',
  })
}

function fetchedText({ fetched, size }: UpdateJson): string {
  return size === 0 ? '' : `${Math.floor((100 * fetched) / size)} %`
}

function updateFields(update: UpdateJson): [string, string][] {
  const { id, endpoint, version, fromVersion, state, size, resumes, result } = update
  return [
    ['Update', String(id)],
    ['Endpoint', endpoint],
    ['Version', fromVersion === undefined ? version : `${version}, from ${fromVersion}`],
    ['State', update.finishedAt === undefined ? state : endOf(update)],
    ['Fetched', `${fetchedText(update)} of ${sizeText(size)}, ${downloadTail(update) || counted(resumes, 'resume')}`],
    ['Device says', result === undefined ? '' : `/5/0/5 is ${result}`],
    ['Begun', update.createdAt],
    ['Changed', update.changedAt],
    ['Finished', update.finishedAt ?? ''],
    ['Due', update.dueAt ?? ''],
  ]
}
