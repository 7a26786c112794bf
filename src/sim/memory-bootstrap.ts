/** Bootstrapping in a store without a disk; a store inherits what is asked of it. */
import type { AssociationsStore, BootstrapAssociationsOp } from '../fleet/associations/store.ts'
import type { BootstrapOp, BootstrapStore } from '../fleet/bootstrap/store.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { BootstrapRun, BootstrapTemplate, RunFilter } from '../fleet/bootstrap/types.ts'
import { MemoryAssociations } from './memory-associations.ts'

type Op = BootstrapOp | BootstrapAssociationsOp

export function isBootstrapOp(op: StoreOp): op is Op {
  return op.op.startsWith('bootstrap.')
}

export class MemoryBootstrap implements BootstrapStore {
  readonly #templates = new Map<string, BootstrapTemplate>()
  readonly #runs = new Map<number, BootstrapRun>()
  readonly #associations = new MemoryAssociations()
  readonly bootstrapAssociations: AssociationsStore = {
    associationByCid: (cid) => this.#associations.byCid(cid),
    associationByAddress: (address, port) => this.#associations.byAddress(address, port),
    associationByEndpoint: (endpoint) => this.#associations.byEndpoint(endpoint),
    lastAssociationId: () => this.#associations.lastId,
    associationMark: () => undefined,
  }

  bootstrapTemplates(): readonly BootstrapTemplate[] {
    return [...this.#templates.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  bootstrapRun(endpoint: string): BootstrapRun | undefined {
    return this.bootstrapRuns({ endpoint }, undefined, 1)[0]
  }

  bootstrapRuns(
    { endpoint, failed = false }: RunFilter,
    before: number = Number.MAX_SAFE_INTEGER,
    limit: number,
  ): readonly BootstrapRun[] {
    return [...this.#runs.values()]
      .filter((run) => run.id < before && (endpoint === undefined || run.endpoint === endpoint))
      .filter((run) => !failed || run.state === 'failed')
      .sort((a, b) => b.id - a.id)
      .slice(0, limit)
  }

  openBootstrapRuns(limit: number): readonly BootstrapRun[] {
    return [...this.#runs.values()].filter(({ state }) => state === 'running').slice(0, limit)
  }

  lastBootstrapRunId(): number {
    return Math.max(0, ...this.#runs.keys())
  }

  protected applyBootstrap(op: Op): void {
    switch (op.op) {
      case 'bootstrap.template.put':
        this.#templates.set(op.template.name, op.template)
        return
      case 'bootstrap.template.delete':
        this.#templates.delete(op.name)
        return
      case 'bootstrap.run.put':
        this.#runs.set(op.run.id, op.run)
        return
      case 'bootstrap.run.trim': {
        const ended = [...this.#runs.values()].filter(({ state }) => state !== 'running').reverse()
        const ofEndpoint = ended.filter(({ endpoint }) => endpoint === op.endpoint)
        for (const { id } of [...ofEndpoint.slice(op.keep), ...ended.slice(op.total)]) this.#runs.delete(id)
        return
      }
      case 'bootstrap.association':
        this.#associations.apply(op.change)
    }
  }
}
