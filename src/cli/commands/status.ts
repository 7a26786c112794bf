/** `coapstan status`: the server at a glance. */
import { durationText } from '../../base/duration-text.ts'
import { does, type AddCommand } from '../command.ts'

export const addStatus: AddCommand = (parent, frame) => {
  does(
    parent.command('status').description("show the server's version, uptime, listeners and counts"),
    frame,
    ['coapstan status'],
    async ({ client, output }) => {
      const status = await client.call('status', {})
      await output.detail({
        whole: status,
        name: client.address.url,
        fields: [
          ['Server', client.address.url],
          ['Version', status.version],
          ['Up for', durationText(status.uptimeSeconds * 1000)],
          ...status.listeners.map(
            ({ protocol, address, port }) => ['Listens on', `${protocol} ${address} port ${port}`] as const,
          ),
          ...Object.entries(status.counts).map(([name, count]) => [spaced(name), String(count)] as const),
        ],
      })
    },
  )
}

/** `eventStreams` → `Event streams`. */
function spaced(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
