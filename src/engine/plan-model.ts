/**
 * What a device is, as it says itself by its Model Number (/3/0/1): its product, where neither an operator nor
 * its credential has said another.
 */
import { isProduct } from '../fleet/registry/rules.ts'
import type { Device } from '../fleet/registry/types.ts'
import type { SampleJson } from '../lwm2m/content-json.ts'
import type { PlanContext } from './plan-context.ts'
import { planRules } from './plan-rules.ts'
import type { Draft } from './state.ts'

const modelNumber = '/3/0/1'

/** Keeps what is news of it, whatever it stood in. */
export function planModel(draft: Draft, samples: readonly SampleJson[], context: PlanContext): void {
  const told = samples.findLast(({ path }) => path === modelNumber)?.value
  if (told !== undefined) learnModel(draft, typeof told === 'string' ? told.trim() : '', context)
}

/** `told` is empty where the device tells none. */
export function learnModel(draft: Draft, told: string, context: PlanContext): void {
  const { device } = draft.next
  if (device === undefined) return
  const model = isProduct(told) ? told : ''
  const isSaid = device.productFrom !== 'model' && device.product !== undefined
  const isProductToo = !isSaid && model !== '' && context.settings['devices.product-from'] !== 'none'
  if (isProductToo && device.product !== model) become(draft, device, model, context)
  else if (device.learned?.model !== model) draft.learn({ model })
}

/** Rules and profiles that go by products hold for it from now on. */
function become(draft: Draft, before: Device, product: string, context: PlanContext): void {
  const device: Device = {
    ...before,
    product,
    productFrom: 'model',
    learned: { ...before.learned, model: product },
  }
  draft.change({ device })
  draft.ops.push({ op: 'device.put', device })
  draft.event('device.changed', { product, productFrom: 'model' })
  planRules(draft, context)
}
