/** `coapstan devices config`: the document a device fetches from `/config`. */
import type { ConfigurationJson } from '../../api/contract/configuration.ts'
import { does, withExamples, type AddCommand } from '../command.ts'
import { onlyAt, revisionOption, type Conditional } from '../revision.ts'
import { parsedJson } from './write.ts'

export const addDeviceConfig: AddCommand = (devices, frame) => {
  const config = withExamples(
    devices.command('config').description('show, set or delete what a device fetches from /config'),
    ['coapstan devices config set urn:dev:demo-1 \'{"interval": 60}\''],
  )
  does(
    config.command('get').argument('<endpoint>', 'its endpoint name').description('show the configuration'),
    frame,
    ['coapstan devices config get urn:dev:demo-1 -o json'],
    async ({ client, output }, [endpoint]) => {
      const configuration = await client.call('readConfiguration', { params: { endpoint: endpoint! } })
      await output.detail({
        whole: configuration,
        name: configuration.endpoint,
        fields: [
          ['Endpoint', configuration.endpoint],
          ['Revision', configuration.revision],
          ['Changed', configuration.changedAt],
          ['Observers', observersText(configuration.observers)],
          ['Document', JSON.stringify(configuration.document)],
        ],
      })
    },
  )
  does<Conditional>(
    config
      .command('set')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<document>', 'any JSON; the device may ask for it as CBOR')
      .description('give a device its configuration; one that observes it is told while it is awake')
      .addOption(revisionOption()),
    frame,
    ['coapstan devices config set urn:dev:demo-1 \'{"interval": 60, "name": "cellar"}\''],
    async ({ client, output }, [endpoint, text], options) => {
      const body = { document: parsedJson(text!) }
      const configuration = await client.call('setConfiguration', {
        params: { endpoint: endpoint! },
        body,
        ...onlyAt(options),
      })
      await output.done(configuration, endpoint!, `${endpoint} has a new configuration`)
    },
  )
  does<Conditional>(
    config
      .command('delete')
      .argument('<endpoint>', 'its endpoint name')
      .description('take the configuration away; the device gets 4.04')
      .addOption(revisionOption()),
    frame,
    ['coapstan devices config delete urn:dev:demo-1'],
    async ({ client, output }, [endpoint], options) => {
      await client.call('removeConfiguration', { params: { endpoint: endpoint! }, ...onlyAt(options) })
      await output.done({ endpoint }, endpoint!, `${endpoint} has no configuration any more`)
    },
  )
}

function observersText({ count, told }: ConfigurationJson['observers']): string {
  if (count === 0) return 'none: the device has to ask'
  return told === count ? `${count}, told of this` : `${count}, ${count - told} to be told at the next wake`
}
