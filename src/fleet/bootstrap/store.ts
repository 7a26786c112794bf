/** What bootstrapping asks of the store. */
import type { EndpointName } from '../registry/types.ts'
import type { BootstrapRun, BootstrapTemplate, RunFilter } from './types.ts'

export type BootstrapOp =
  /** Inserts, or replaces the one of the same name. */
  | { readonly op: 'bootstrap.template.put'; readonly template: BootstrapTemplate }
  | { readonly op: 'bootstrap.template.delete'; readonly name: string }
  /** Inserts, or replaces the row of the same id. */
  | { readonly op: 'bootstrap.run.put'; readonly run: BootstrapRun }
  /** Forgets ended runs: the endpoint's beyond its newest `keep`, and all but the newest `total`. */
  | {
      readonly op: 'bootstrap.run.trim'
      readonly endpoint: EndpointName
      readonly keep: number
      readonly total: number
    }

export interface BootstrapStore {
  /** By name. */
  bootstrapTemplates(): readonly BootstrapTemplate[]
  /** The newest of the endpoint. */
  bootstrapRun(endpoint: EndpointName): BootstrapRun | undefined
  /** Newest first, with ids below `before`. */
  bootstrapRuns(filter: RunFilter, before: number | undefined, limit: number): readonly BootstrapRun[]
  /** Oldest first. */
  openBootstrapRuns(limit: number): readonly BootstrapRun[]
  lastBootstrapRunId(): number
}
