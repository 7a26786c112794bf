/** The contract against the rooms below it, which it may not import: the same shapes on both sides. */
import { expect, expectTypeOf, it } from 'vitest'
import type { ContentJson, LinkJson, SampleJson } from '../../../src/api/contract/content.ts'
import type { deviceStatuses } from '../../../src/api/contract/device.ts'
import type { operationKinds, operationReasons, operationStates } from '../../../src/api/contract/operation.ts'
import { paths } from '../../../src/api/contract/paths.ts'
import { routes } from '../../../src/api/contract/routes.ts'
import type { OperationKind, OperationReason, OperationState } from '../../../src/fleet/operations/types.ts'
import type { DeviceStatus } from '../../../src/fleet/registry/types.ts'
import type { ContentJson as Content, SampleJson as Sample } from '../../../src/lwm2m/content-json.ts'
import type { DiscoveredPath } from '../../../src/lwm2m/payload/discover.ts'

it('shows content as it is made below', () => {
  expectTypeOf<Content>().toEqualTypeOf<ContentJson>()
  expectTypeOf<Sample>().toEqualTypeOf<SampleJson>()
  expectTypeOf<DiscoveredPath['attributes']>().toEqualTypeOf<LinkJson['attributes']>()
})

it('knows every word of the fleet', () => {
  expectTypeOf<(typeof operationKinds)[number]>().toEqualTypeOf<OperationKind>()
  expectTypeOf<(typeof operationStates)[number]>().toEqualTypeOf<OperationState>()
  expectTypeOf<(typeof operationReasons)[number]>().toEqualTypeOf<OperationReason>()
  expectTypeOf<(typeof deviceStatuses)[number]>().toEqualTypeOf<DeviceStatus>()
})

it('describes every path but those that describe themselves', () => {
  expect(Object.keys(paths).filter((name) => !(name in routes))).toEqual(['openapi', 'metrics', 'page', 'signIn'])
})
