/** Where a device is told to ask its bootstrap server: the trigger of a Server instance it has registered. */
import { UsageError } from '../../base/errors.ts'
import { isFault } from '../../base/fault.ts'
import { parseSupportedObjects } from '../../lwm2m/supported-objects.ts'
import type { DeviceWithStatus } from '../registry/types.ts'

const serverObject = 1
const triggerResource = 9

/** Any server may use the trigger of any instance it may execute; the first will do (LwM2M Core 1.2 §6.1.5). */
export function triggerPath({ endpoint, registration }: DeviceWithStatus, instance: number | undefined): string {
  const objects = registration === undefined ? undefined : parseSupportedObjects(registration.links)
  const instances =
    objects === undefined || isFault(objects) ? [] : (objects.objects.get(serverObject)?.instances ?? [])
  const chosen = instance ?? instances[0]
  if (chosen !== undefined) return `/${serverObject}/${chosen}/${triggerResource}`
  throw new UsageError('bootstrap.trigger', `${endpoint} has registered no Server instance to trigger by`, {
    status: 422,
    hint: 'name it: coapstan bootstrap trigger <endpoint> --instance 0',
  })
}
