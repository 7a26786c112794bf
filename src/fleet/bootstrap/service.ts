/** Bootstrapping for the API: templates, runs, and the request that makes a device ask to be bootstrapped. */
import { hexOf, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { DeviceModel } from '../../lwm2m/model/library.ts'
import type { CredentialsService } from '../credentials/service.ts'
import type { Sealer } from '../credentials/types.ts'
import type { EventDraft } from '../events/types.ts'
import type { Operation, OperationDraft } from '../operations/types.ts'
import type { Precondition } from '../precondition.ts'
import type { DeviceWithStatus, EndpointName } from '../registry/types.ts'
import { templateContext } from './desk.ts'
import type { TemplateDraft } from './draft.ts'
import { triggerPath } from './trigger.ts'
import { demandTemplate } from './revision.ts'
import type { BootstrapOp, BootstrapStore } from './store.ts'
import { templateOf } from './template.ts'
import type { BootstrapRun, BootstrapTemplate, RunFilter } from './types.ts'

/** Each request of a device is held against all of them. */
export const templateLimit = 256

export interface BootstrapPorts {
  readonly store: BootstrapStore
  readonly commands: {
    /** Durable when it returns or resolves; throws EnvironmentError. */
    commitNow(ops: readonly BootstrapOp[], events?: readonly EventDraft[]): void | Promise<void>
  }
  readonly sealer: Sealer
  readonly credentials: Pick<CredentialsService, 'keyProblem'>
  readonly model: DeviceModel
  readonly registry: { device(endpoint: EndpointName): DeviceWithStatus }
  readonly operations: { submit(endpoint: EndpointName, draft: OperationDraft): Promise<Operation> }
  readonly now: () => Instant
}

export class BootstrapService {
  readonly #ports: BootstrapPorts

  constructor(ports: BootstrapPorts) {
    this.#ports = ports
  }

  /** By name. */
  templates(): readonly BootstrapTemplate[] {
    return this.#ports.store.bootstrapTemplates()
  }

  /** Throws UsageError 'template.unknown' (404). */
  template(name: string): BootstrapTemplate {
    const found = this.templates().find((template) => template.name === name)
    if (found !== undefined) return found
    throw new UsageError('template.unknown', `there is no bootstrap template '${name}'`, {
      status: 404,
      hint: "'coapstan bootstrap template list' shows them",
    })
  }

  /**
   * Adds the template or replaces the one of that name; runs under way go on as they began. Throws UsageError
   * 'request.invalid' (422, with the member `errors`), 'template.too-many' (409), 'precondition.failed' (412), or
   * EnvironmentError.
   */
  async put(
    name: string,
    draft: TemplateDraft,
    precondition: Precondition = {},
  ): Promise<{ template: BootstrapTemplate; created: boolean }> {
    const { model, sealer, credentials, now, commands } = this.#ports
    const template = templateOf(name, draft, {
      model,
      seal: (key: Bytes) => hexOf(sealer.seal(key, templateContext)),
      fingerprint: (key) => sealer.fingerprint(key),
      keyProblem: (key, of) => credentials.keyProblem(key, of),
      now: now(),
    })
    const known = this.templates()
    const before = known.find((other) => other.name === name)
    const created = before === undefined
    demandTemplate(precondition, name, before)
    if (created && known.length >= templateLimit) {
      throw new UsageError('template.too-many', `there are ${templateLimit} bootstrap templates already`, {
        status: 409,
        hint: 'remove one, or let one serve more devices',
      })
    }
    await commands.commitNow([{ op: 'bootstrap.template.put', template }], [eventOf('changed', name)])
    return { template, created }
  }

  /** Throws UsageError 'template.unknown' (404), 'precondition.failed' (412), or EnvironmentError. */
  async remove(name: string, precondition: Precondition = {}): Promise<void> {
    demandTemplate(precondition, name, this.template(name))
    await this.#ports.commands.commitNow([{ op: 'bootstrap.template.delete', name }], [eventOf('removed', name)])
  }

  /** Newest first, with ids below `before`. */
  runs(filter: RunFilter, before: number | undefined, limit: number): readonly BootstrapRun[] {
    return this.#ports.store.bootstrapRuns(filter, before, limit)
  }

  /** The newest of a device. Throws UsageError 'bootstrap.none' (404). */
  run(endpoint: EndpointName): BootstrapRun {
    const found = this.#ports.store.bootstrapRun(endpoint)
    if (found !== undefined) return found
    throw new UsageError('bootstrap.none', `'${endpoint}' was never bootstrapped here`, {
      status: 404,
      hint: "'coapstan bootstrap log' shows who was; 'coapstan events' shows who was refused",
    })
  }

  /**
   * Has the device ask its bootstrap server (execute /1/x/9, LwM2M Core 1.2 §6.1.5). Throws as submitting an operation
   * does, and UsageError 'bootstrap.trigger' (422: which Server instance is not known).
   */
  async trigger(endpoint: EndpointName, instance?: number): Promise<Operation> {
    const path = triggerPath(this.#ports.registry.device(endpoint), instance)
    return this.#ports.operations.submit(endpoint, { kind: 'execute', path })
  }
}

function eventOf(what: 'changed' | 'removed', name: string): EventDraft {
  return { kind: `bootstrap.template-${what}`, cause: 'operator', detail: { template: name } }
}
