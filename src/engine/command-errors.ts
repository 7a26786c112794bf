/** Why a command came to nothing, in words for the operator. */
import { EnvironmentError, UsageError } from '../base/errors.ts'
import type { Refusal } from '../lwm2m/refusal.ts'

export function unknownDevice(endpoint: string): UsageError {
  return new UsageError('device.unknown', `no device is called '${endpoint}'`, {
    status: 404,
    hint: "'coapstan devices' lists the known ones",
  })
}

export function quarantined(endpoint: string): UsageError {
  return new UsageError('device.quarantined', `${endpoint} waits to be accepted: nothing is asked of it before`, {
    status: 409,
    hint: `accept it with: coapstan devices accept ${endpoint}`,
  })
}

export function refusedBy(refusal: Refusal): UsageError {
  const hint = [refusal.hint, refusal.forcible ? 'use --force to send it all the same' : undefined]
    .filter((part) => part !== undefined)
    .join('; ')
  return new UsageError(refusal.refusal, refusal.message, { status: 422, ...(hint === '' ? {} : { hint }) })
}

export function storeFailed(error: EnvironmentError): EnvironmentError {
  return new EnvironmentError(error.code, `nothing was changed: ${error.message}`, {
    retriable: error.retriable,
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  })
}
