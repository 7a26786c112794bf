/** Bootstrapping in SQLite: templates and runs as documents beside the columns they are found by. */
import type { BootstrapOp, BootstrapStore } from '../../fleet/bootstrap/store.ts'
import type { BootstrapRun, BootstrapTemplate } from '../../fleet/bootstrap/types.ts'
import type { AssociationsOp, BootstrapAssociationsOp } from '../../fleet/associations/store.ts'
import { jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

export function bootstrapIn(
  database: Sqlite,
  associations: Appliers<AssociationsOp>,
): { reads: BootstrapStore; apply: Appliers<BootstrapOp | BootstrapAssociationsOp> } {
  return { reads: readsIn(database), apply: appliersIn(database, associations) }
}

function readsIn(database: Sqlite): BootstrapStore {
  const templates = database.prepareColumn<[], string>('SELECT document FROM bootstrap_template ORDER BY name')
  const newest = database.prepareColumn<[string], string>(
    'SELECT document FROM bootstrap_run WHERE endpoint = +? ORDER BY id DESC LIMIT 1',
  )
  const all = database.prepareColumn<[number, number], string>(
    'SELECT document FROM bootstrap_run WHERE id < +? ORDER BY id DESC LIMIT +?',
  )
  const ofEndpoint = database.prepareColumn<[string, number, string, number], string>(
    `SELECT document FROM bootstrap_run WHERE endpoint = +? AND id < +? AND state = coalesce(nullif(+?, ''), state)
       ORDER BY id DESC LIMIT +?`,
  )
  const failed = database.prepareColumn<[number, number], string>(
    `SELECT document FROM bootstrap_run INDEXED BY bootstrap_run_failed WHERE state = 'failed' AND id < +?
       ORDER BY id DESC LIMIT +?`,
  )
  const open = database.prepareColumn<[number], string>(
    `SELECT document FROM bootstrap_run INDEXED BY bootstrap_run_open WHERE state = 'running' ORDER BY id LIMIT +?`,
  )
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'bootstrap_run'`)
  return {
    bootstrapTemplates: () => templates.all().map((text) => JSON.parse(text) as BootstrapTemplate),
    bootstrapRun: (endpoint) => newest.all(endpoint).map(runOf)[0],
    bootstrapRuns: ({ endpoint, failed: onlyFailed = false }, before = Number.MAX_SAFE_INTEGER, limit) => {
      if (endpoint !== undefined) return ofEndpoint.all(endpoint, before, onlyFailed ? 'failed' : '', limit).map(runOf)
      return (onlyFailed ? failed : all).all(before, limit).map(runOf)
    },
    openBootstrapRuns: (limit) => open.all(limit).map(runOf),
    lastBootstrapRunId: () => lastId.get() ?? 0,
  }
}

function appliersIn(
  database: Sqlite,
  associations: Appliers<AssociationsOp>,
): Appliers<BootstrapOp | BootstrapAssociationsOp> {
  const putTemplate = database.prepare(
    'INSERT INTO bootstrap_template (name, document) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document',
  )
  const deleteTemplate = database.prepare('DELETE FROM bootstrap_template WHERE name = ?')
  const putRun = database.prepare(
    `INSERT INTO bootstrap_run (id, endpoint, state, document) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, document = excluded.document`,
  )
  const trimEndpoint = database.prepare<[string, string, number]>(
    `DELETE FROM bootstrap_run WHERE endpoint = +? AND state <> 'running' AND id <=
       (SELECT id FROM bootstrap_run WHERE endpoint = +? AND state <> 'running' ORDER BY id DESC LIMIT 1 OFFSET +?)`,
  )
  const trimAll = database.prepare<[number]>(
    `DELETE FROM bootstrap_run WHERE state <> 'running' AND id <= (SELECT max(id) FROM bootstrap_run) - +?`,
  )
  return {
    'bootstrap.template.put': ({ template }) => void putTemplate.run(template.name, jsonOf(template)),
    'bootstrap.template.delete': ({ name }) => void deleteTemplate.run(name),
    'bootstrap.run.put': ({ run }) => void putRun.run(run.id, run.endpoint, run.state, jsonOf(run)),
    'bootstrap.run.trim': ({ endpoint, keep, total }) => {
      trimEndpoint.run(endpoint, endpoint, keep)
      trimAll.run(total)
    },
    'bootstrap.association': ({ change }) => {
      // TypeScript cannot pair a union's member with its own function; the table's type did.
      ;(associations[change.op] as (op: AssociationsOp) => void)(change)
    },
  }
}

function runOf(text: string): BootstrapRun {
  return JSON.parse(text) as BootstrapRun
}
