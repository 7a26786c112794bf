/** `coapstan firmware add|list|show|notes|verify|remove`: the images devices can be updated to. */
import type { Command } from 'commander'
import type { ImageJson } from '../../api/contract/image.ts'
import { does, type Frame, gathered, usualCommand } from '../command.ts'
import { CommandFailure, usageFailure } from '../failure.ts'
import { withSpinner } from '../progress.ts'
import { countOf, type Session } from '../session.ts'
import { sizeText } from '../style.ts'
import { onlyAt, revisionOption, type Conditional } from '../revision.ts'
import type { Column } from '../table.ts'
import { transferPatience, uploading } from '../upload.ts'
import { timeColumn } from '../time-column.ts'

interface AddOptions {
  readonly version?: string
  readonly product: string
  readonly notes?: string
  readonly notesFile?: string
  readonly from?: string
  readonly hardware?: readonly string[]
  readonly securityCounter?: string
}

export const imageArgument = ['<image>', 'its key, its SHA-256, product@version, or its version alone'] as const

export function addImageCommands(firmware: Command, frame: Frame): void {
  does<AddOptions>(
    firmware
      .command('add')
      .argument('<file>', 'the image as the device wants it')
      .description('add a firmware image; an MCUboot image is looked into and refused where it is damaged')
      .requiredOption('--product <product>', 'the devices it is for')
      .option('--version <version>', 'what the device calls it once it runs; an MCUboot image says it itself')
      .option('--from <versions>', "versions it may be installed over, such as '>=1.2.0 <2.0.0'")
      .option('--hardware <version>', 'a hardware version (/3/0/18) it runs on; may be given more than once', gathered)
      .option('--security-counter <count>', 'its counter; an MCUboot image with a lower one is refused')
      .option('--notes <text>', 'what is new')
      .option('--notes-file <file>', 'a text file that says what is new'),
    frame,
    [
      'coapstan firmware add ./app-1.1.0.bin --version 1.1.0 --product demo',
      "coapstan firmware add ./app_update.bin --product meter --from '>=1.0.0' --notes-file CHANGES.md",
    ],
    (session, [file], options) => addImage(session, file!, options),
  )
  does<{ product?: string }>(
    usualCommand(firmware, 'list')
      .description('list firmware images')
      .option('--product <product>', 'for this product only'),
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
  does(
    firmware
      .command('show')
      .argument(...imageArgument)
      .description('show a firmware image'),
    frame,
    ['coapstan firmware show 1.1.0'],
    async ({ client, output }, [reference]) => {
      const found = await client.call('readImage', { params: { image: reference! } })
      await output.detail({ whole: found, name: found.key, fields: imageFields(found) })
    },
  )
  does<Conditional & { file?: string }>(
    firmware
      .command('notes')
      .argument(...imageArgument)
      .argument('[text]', 'the release notes; an empty text takes them away')
      .option('--file <file>', 'a text file with them')
      .description('write the release notes of a firmware image')
      .addOption(revisionOption()),
    frame,
    ['coapstan firmware notes 1.1.0 --file CHANGES.md'],
    async (session, [reference, text], { file, ...options }) => {
      if ((text === undefined) === (file === undefined)) throw usageFailure('give the notes as a text or as --file')
      const notes = text ?? textOf(session, file!)
      const found = await setNotes(session, reference!, notes, options)
      await session.output.done(found, found.key, `${found.product} ${found.version} has its notes`)
    },
  )
  does(
    firmware
      .command('remove')
      .argument(...imageArgument)
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
      .argument(...imageArgument)
      .description('read a stored image again: compare its hash, and its signature with the keys registered now'),
    frame,
    ['coapstan firmware verify 1.1.0'],
    async ({ client, output, surroundings }, [reference]) => {
      const verify = () => client.call('verifyImage', { params: { image: reference! } }, transferPatience)
      const found = await withSpinner(surroundings, () => `reading ${reference}`, verify)
      const { image, intact, detail, signature } = found
      if (!intact) throw new CommandFailure(`${reference} is damaged: ${detail ?? 'its hash differs'}`, { exitCode: 1 })
      const signed = signature === undefined ? '' : `, ${signatureText(signature)}`
      const sentence = `${image.product} ${image.version} is intact, SHA-256 ${image.sha256}${signed}`
      await output.done(found, image.key, sentence)
    },
  )
}

/** Notes of more than this do not go with the upload but after it. */
const shortNotes = 2000

async function addImage(session: Session, file: string, options: AddOptions): Promise<void> {
  const { version, product, from, hardware, securityCounter } = options
  if (options.notes !== undefined && options.notesFile !== undefined) {
    throw usageFailure('give the notes as --notes or as --notes-file, not both')
  }
  const notes = options.notes ?? (options.notesFile === undefined ? undefined : textOf(session, options.notesFile))
  const isShort = notes !== undefined && notes.length <= shortNotes
  const about = {
    product,
    ...(version !== undefined && { version }),
    ...(isShort && { notes }),
    ...(from !== undefined && { fromVersions: from }),
    ...(hardware !== undefined && { hardware: hardware.join(',') }),
    ...(securityCounter !== undefined && { securityCounter: countOf('--security-counter', securityCounter, 0) }),
  }
  let image = await uploading(session, file, ({ sha256, octets }) =>
    session.client.call('addImage', { query: { ...about, sha256 }, octets }, transferPatience),
  )
  if (notes !== undefined && !isShort) image = await setNotes(session, image.key, notes)
  const signed = image.signature === undefined ? '' : `, ${signatureText(image.signature)}`
  await session.output.done(
    image,
    image.key,
    `${image.product} ${image.version} is added: ${sizeText(image.size)}, key ${image.key}${signed}`,
  )
}

function setNotes(
  { client }: Session,
  reference: string,
  notes: string,
  options: Conditional = {},
): Promise<ImageJson> {
  const body = { notes: notes === '' ? null : notes }
  return client.call('setImageNotes', { params: { image: reference }, body, ...onlyAt(options) })
}

function textOf({ surroundings }: Session, file: string): string {
  const text = surroundings.readText(file)
  if (text === undefined) throw usageFailure(`there is no file ${file}`)
  return text.trimEnd()
}

function imageColumns(now: number): readonly Column<ImageJson>[] {
  return [
    { title: 'KEY', text: (image) => image.key },
    { title: 'PRODUCT', text: (image) => image.product },
    { title: 'VERSION', text: (image) => image.version },
    { title: 'SIZE', text: (image) => sizeText(image.size), csv: (image) => String(image.size), align: 'right' },
    { title: 'SIGNATURE', text: ({ signature }) => signature?.state ?? '' },
    timeColumn('ADDED', (image) => image.addedAt, now),
    { title: 'NOTES', text: (image) => image.notes?.split('\n', 1)[0] ?? '', flexible: true },
  ]
}

function imageFields(image: ImageJson): [string, string][] {
  const { key, product, version, size, sha256, format, notes, addedAt, dependencies = [] } = image
  return [
    ['Key', key],
    ['Product', product],
    ['Version', version],
    ['Size', `${size} B`],
    ['SHA-256', sha256],
    ['Format', format],
    ['Signature', image.signature === undefined ? '' : signatureText(image.signature)],
    ['Counter', image.securityCounter === undefined ? '' : String(image.securityCounter)],
    ['Goes over', image.fromVersions ?? ''],
    ['Hardware', image.hardware?.join(', ') ?? ''],
    ['Needs', dependencies.map((one) => `image ${one.image} at ${one.version} or newer`).join(', ')],
    ['Notes', notes ?? ''],
    ['Added', addedAt],
  ]
}

function signatureText({ state, key }: NonNullable<ImageJson['signature']>): string {
  switch (state) {
    case 'verified':
      return `signed with ${key}`
    case 'unsigned':
      return 'not signed'
    case 'unchecked':
      return 'signed, not checked'
  }
}
