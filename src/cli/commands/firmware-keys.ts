/** `coapstan firmware keys`: the public keys MCUboot images are signed with. */
import type { Command } from 'commander'
import type { SigningKeyJson } from '../../api/contract/image.ts'
import { does, type Frame, usualCommand, withExamples } from '../command.ts'
import { usageFailure } from '../failure.ts'
import type { Column } from '../table.ts'
import { timeColumn } from '../time-column.ts'

export function addKeyCommands(firmware: Command, frame: Frame): void {
  const keys = withExamples(firmware.command('keys').description('keep the public keys images are signed with'), [
    'coapstan firmware keys add release release.pub',
  ])
  does<{ product?: string }>(
    keys
      .command('add')
      .argument('<name>', 'what it is called from now on')
      .argument('<file>', 'the public key, PEM: ECDSA P-256 or P-384, Ed25519, RSA 2048 or 3072')
      .description('register a public key; MCUboot images of its product have to be signed by then')
      .option('--product <product>', 'it signs images of this product only'),
    frame,
    ['coapstan firmware keys add release release.pub', 'coapstan firmware keys add meter meter.pub --product meter'],
    async ({ client, output, surroundings }, [name, file], { product }) => {
      const pem = surroundings.readText(file!)
      if (pem === undefined) throw usageFailure(`there is no file ${file}`)
      const body = { name: name!, pem, ...(product !== undefined && { product }) }
      const key = await client.call('addSigningKey', { body })
      await output.done(key, key.name, `${key.name} is registered: ${key.kind}, fingerprint ${short(key)}`)
    },
  )
  does(
    usualCommand(keys, 'list').description('list the registered keys'),
    frame,
    ['coapstan firmware keys list'],
    async ({ client, output, surroundings }) => {
      const { keys: rows } = await client.call('listSigningKeys', {})
      await output.list({
        rows,
        columns: keyColumns(surroundings.now()),
        name: ({ name }) => name,
        empty: 'no signing keys: signatures of images are not checked; register one with: coapstan firmware keys add',
      })
    },
  )
  does(
    keys
      .command('remove')
      .argument('<name>', 'as the list shows it')
      .description('remove a key; the images it verified stay'),
    frame,
    ['coapstan firmware keys remove release'],
    async ({ client, output }, [name]) => {
      await client.call('removeSigningKey', { params: { name: name! } })
      await output.done({ name }, name!, `${name} is removed`)
    },
  )
}

function keyColumns(now: number): readonly Column<SigningKeyJson>[] {
  return [
    { title: 'NAME', text: ({ name }) => name },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'PRODUCT', text: ({ product }) => product ?? '' },
    { title: 'FINGERPRINT', text: short },
    timeColumn('ADDED', ({ addedAt }) => addedAt, now),
  ]
}

/** Enough to tell keys apart. */
function short({ fingerprint }: SigningKeyJson): string {
  return fingerprint.slice(0, 16)
}
