/** Object 5, Firmware Update: its resources over the flash and the update at work. */
import { seconds } from '../../base/time.ts'
import type { Code, DeviceObject, Resource } from '../objects/object-tree.ts'
import type { FirmwareUpdate } from './firmware-update.ts'
import type { Flash } from './flash.ts'
import { protocolNames, type Protocol } from './package-uri.ts'

/** /5/0/9: pull and push. */
const bothDeliveryMethods = 2
/** Severity "optional" (/5/0/11) with a deferral period is the one case where this device's user says "later". */
const optionalSeverity = 2

/** `protocols`: what it lists in /5/0/8. */
export function firmwareObject(
  flash: Flash,
  update: FirmwareUpdate,
  product: string,
  protocols: readonly Protocol[],
): DeviceObject {
  let severity = 1
  let maxDefer = 0
  const executeUpdate = (): Code | undefined => {
    const defer = severity === optionalSeverity && maxDefer > 0
    return refusal(update.executeUpdate(defer ? seconds(maxDefer) : undefined))
  }
  const resources: [number, Resource][] = [
    [
      0,
      {
        name: 'Package',
        type: 'opaque',
        write: (value) => refusal(value instanceof Uint8Array ? update.receive(0, value, false) : '4.00'),
      },
    ],
    [
      1,
      {
        name: 'Package URI',
        type: 'string',
        read: () => flash.record.firmware.uri,
        write: (value) => refusal(update.writeUri(String(value))),
      },
    ],
    [2, { name: 'Update', type: 'opaque', execute: executeUpdate }],
    [3, { name: 'State', type: 'integer', read: () => flash.record.firmware.state }],
    [5, { name: 'Update Result', type: 'integer', read: () => flash.record.firmware.result }],
    [6, { name: 'PkgName', type: 'string', read: () => (flash.record.staged === undefined ? '' : product) }],
    [7, { name: 'PkgVersion', type: 'string', read: () => flash.record.staged ?? '' }],
    [8, { name: 'Firmware Update Protocol Support', type: 'integer', read: () => protocols.map(numberOf) }],
    [9, { name: 'Firmware Update Delivery Method', type: 'integer', read: () => bothDeliveryMethods }],
    [10, { name: 'Cancel', type: 'opaque', execute: () => refusal(update.cancel()) }],
    [
      11,
      {
        name: 'Severity',
        type: 'integer',
        read: () => severity,
        write(value): Code | undefined {
          if (value !== 0 && value !== 1 && value !== 2) return '4.00'
          severity = value
          return undefined
        },
      },
    ],
    [12, { name: 'Last State Change Time', type: 'time', read: () => update.lastChange }],
    [
      13,
      {
        name: 'Maximum Defer Period',
        type: 'integer',
        read: () => maxDefer,
        write(value): Code | undefined {
          if (typeof value !== 'number' || value < 0) return '4.00'
          maxDefer = value
          return undefined
        },
      },
    ],
  ]
  return new Map(resources)
}

const numberOf = (protocol: Protocol): number => protocolNames.indexOf(protocol)

function refusal(code: Code): Code | undefined {
  return code === '2.04' ? undefined : code
}
