/** Object definitions of a server that knows one object, for the API and the command line. */
import type { Services } from '../../../src/api/services.ts'

export const fakeObjects: Services['objects'] = {
  list: () => [{ id: 3, name: 'Device', versions: ['1.0', '1.1'] }],
  versionsOf: (id) => (id === 3 ? ['1.0', '1.1'].map(deviceObject) : []),
  validate: (text) => ({
    definitions: text.includes('<LWM2M>') ? [deviceObject('1.1')] : [],
    problems: text.includes('Int') ? [flaw] : [],
  }),
  reload: () => ({ objects: 1, files: [{ file: 'own.xml', problems: [{ ...flaw, severity: 'warning' as const }] }] }),
}

const flaw = {
  severity: 'error',
  where: 'object 3 resource 9',
  line: 12,
  message: "Type 'Int' is no LwM2M type",
} as const

function deviceObject(version: string): ReturnType<Services['objects']['versionsOf']>[number] {
  const resource = { multiple: false, mandatory: false, range: '', unit: '' }
  const resources = [
    {
      ...resource,
      id: 9,
      name: 'Battery Level',
      operations: 'R',
      type: 'integer',
      range: '0..100',
      unit: '%',
      description: 'Charge.',
    },
    { ...resource, id: 4, name: 'Reboot', operations: 'E', type: 'none', mandatory: true, description: 'Start again.' },
    {
      ...resource,
      id: 11,
      name: 'Error Code',
      operations: 'R',
      type: 'integer',
      multiple: true,
      description: 'Errors.',
    },
  ]
  return {
    id: 3,
    name: 'Device',
    version,
    lwm2mVersion: '1.0',
    urn: 'urn:oma:lwm2m:oma:3',
    multiple: false,
    mandatory: true,
    description: 'About the device.',
    resources: new Map(resources.map((one) => [one.id, one])),
  }
}
