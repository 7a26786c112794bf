/**
 * Observation rules for the API. A rule is durable first, then applied to the devices there are, one
 * actor at a time; those it has not reached when the server stops meet it with their next registration
 * or update.
 */
import { UsageError } from '../../base/errors.ts'
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import {
  attributesOfText,
  checkAttributes,
  parseAttributes,
  type NotificationAttributes,
} from '../../lwm2m/attributes.ts'
import type { Model } from '../../lwm2m/model/library.ts'
import { formatPath, parsePath, type Path } from '../../lwm2m/path.ts'
import { isRefusal, type Refusal } from '../../lwm2m/refusal.ts'
import type { Commands } from '../commands.ts'
import type { RegistryService } from '../registry/service.ts'
import type { ObservationRulesOp, ObservationRulesStore } from './store.ts'
import type { ObservationRule } from './types.ts'

/** Each registration is held against all of them. */
export const ruleLimit = 256
/** Devices a rule is applied to at one time. */
const atOnce = 64

export interface RuleDraft extends Pick<ObservationRule, 'product' | 'tags' | 'path'> {
  /** As JSON, or as text: `pmin=10,pmax=60`. */
  readonly attributes?: unknown
}

export interface RulePorts {
  readonly store: ObservationRulesStore
  readonly registry: Pick<RegistryService, 'list'>
  readonly commands: Commands & { commitNow(ops: readonly ObservationRulesOp[]): void | Promise<void> }
  readonly now: () => Instant
  /** The engine holds registrations against these from now on. */
  readonly inForce: (rules: readonly ObservationRule[]) => void
}

export class ObservationRulesService {
  readonly #ports: RulePorts

  constructor(ports: RulePorts) {
    this.#ports = ports
    ports.inForce(ports.store.observationRules())
  }

  list(): readonly ObservationRule[] {
    return this.#ports.store.observationRules()
  }

  /**
   * The rule once it is durable and applied; the same rule again is the one there is, with the attributes
   * asked for now. Throws UsageError 'operation.path', 'rule.everything', 'attribute.…' (422),
   * 'rule.too-many' (409), or EnvironmentError.
   */
  async add(draft: RuleDraft): Promise<ObservationRule> {
    const path = parsePath(draft.path)
    if (isFault(path)) {
      throw new UsageError('operation.path', `${path.detail ?? 'the path cannot be read'}`, {
        status: 422,
        hint: 'a rule takes numbers, for it holds for devices of any model: /3/0/9',
      })
    }
    if (path.length === 0 || (draft.product === undefined && Object.keys(draft.tags).length === 0)) {
      throw new UsageError('rule.everything', 'a rule names a product or tags, and an object or something below one', {
        status: 422,
      })
    }
    const rules = this.list()
    const { attributes: asked, ...selection } = draft
    const attributes = asked === undefined ? undefined : checkedAttributes(asked, path)
    const wanted = { ...selection, path: formatPath(path), ...(attributes === undefined ? {} : { attributes }) }
    const known = rules.find((rule) => nameOf(rule) === nameOf(wanted))
    const isSame = attributes === undefined || JSON.stringify(known?.attributes) === JSON.stringify(attributes)
    if (known !== undefined && isSame) return known
    if (known === undefined && rules.length >= ruleLimit) {
      throw new UsageError('rule.too-many', `there are ${ruleLimit} rules already`, {
        status: 409,
        hint: "'coapstan observe rules' lists them; delete what is not wanted any more",
      })
    }
    const { store, commands, now } = this.#ports
    const { id = store.lastObservationRuleId() + 1, createdAt = now() } = known ?? {}
    const rule: ObservationRule = { ...wanted, id, createdAt }
    await commands.commitNow([{ op: 'observation-rule.put', rule }])
    await this.#apply(rule)
    return rule
  }

  /** Ends what it alone wanted. Throws UsageError 'rule.unknown' (404) or EnvironmentError. */
  async remove(id: number): Promise<void> {
    const rule = this.list().find((one) => one.id === id)
    if (rule === undefined) {
      throw new UsageError('rule.unknown', `there is no rule ${id}`, {
        status: 404,
        hint: "'coapstan observe rules' lists those there are",
      })
    }
    await this.#ports.commands.commitNow([{ op: 'observation-rule.delete', id }])
    await this.#apply(rule)
  }

  async #apply({ product, tags }: ObservationRule): Promise<void> {
    const { registry, commands, inForce } = this.#ports
    inForce(this.list())
    const filter = { tags, ...(product !== undefined && { product }) }
    let cursor: string | undefined
    do {
      const page = registry.list(filter, { limit: atOnce, ...(cursor !== undefined && { cursor }) })
      const reconciled = page.devices.map(({ endpoint }) => commands.submit({ command: 'device.observe', endpoint }))
      // A device that was deleted meanwhile, or is too busy, does not keep the others from it.
      await Promise.allSettled(reconciled)
      cursor = page.next
    } while (cursor !== undefined)
  }
}

/** What any device of any version would refuse is refused here. */
function checkedAttributes(asked: unknown, path: Path): NotificationAttributes {
  const attributes = typeof asked === 'string' ? attributesOfText(asked) : parseAttributes(asked)
  const refusal = isRefusal(attributes) ? attributes : checkAttributes(attributes, path, '1.2', anyModel)
  if (refusal !== undefined) throw refused(refusal)
  return attributes as NotificationAttributes
}

/** A rule holds for devices of any model. */
const anyModel: Model = { resource: () => undefined }

function refused({ refusal, message, hint }: Refusal): UsageError {
  return new UsageError(refusal, message, { status: 422, ...(hint === undefined ? {} : { hint }) })
}

function nameOf({ product = '', tags, path }: Pick<RuleDraft, 'product' | 'tags' | 'path'>): string {
  return JSON.stringify([product, Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)), path])
}
