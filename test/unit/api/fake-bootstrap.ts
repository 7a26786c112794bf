/** The real bootstrap service over a store in memory, for tests of what stands in front of it. */
import type { Instant } from '../../../src/base/time.ts'
import { BootstrapService, type BootstrapPorts } from '../../../src/fleet/bootstrap/service.ts'
import type { CredentialsService } from '../../../src/fleet/credentials/service.ts'
import { deviceModel } from '../../../src/lwm2m/model/library.ts'
import { sealerWith } from '../../../src/server/sealer.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'
import { library } from '../../support/engine-harness.ts'

export interface FakeBootstrap {
  readonly service: BootstrapService
  readonly store: MemoryStore
}

export function bootstrapOver(
  now: () => Instant,
  credentials: CredentialsService,
  others: Pick<BootstrapPorts, 'registry' | 'operations'>,
): FakeBootstrap {
  const store = new MemoryStore()
  const service = new BootstrapService({
    ...others,
    store,
    commands: { commitNow: (ops) => store.commit(ops) },
    sealer: sealerWith(new Uint8Array(32).fill(3)),
    credentials,
    model: deviceModel(library, '1.2'),
    now,
  })
  return { service, store }
}
