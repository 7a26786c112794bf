/**
 * How the tests run: two projects, so that the many small files share a process while the few that hold
 * sockets, files or child processes get one of their own. Sized for a machine with two cores: the pure tests
 * first, a process for each core; then the whole ones, twice as many at a time, since most of them wait for a network.
 */
import { defineConfig } from 'vitest/config'

/** Tests of the deterministic rooms: no IO, nothing global, hence no fresh process for each file. */
const pureTests = ['test/{unit,property,vectors,lockstep}/**/*.test.ts']

export default defineConfig({
  test: {
    // Forked processes, not threads: V8 flags and signals belong to a process.
    pool: 'forks',
    // Lets a test collect garbage before it compares heap sizes.
    execArgv: ['--expose-gc'],
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: pureTests,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: pureTests,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
})
