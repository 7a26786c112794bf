/**
 * How the tests run: two projects, so that the many small files share a process while the few that hold
 * sockets, files or child processes get one of their own. Sized for a machine with two cores.
 */
import { defineConfig } from 'vitest/config'

/** Tests of the deterministic rooms: no IO, nothing global, hence no fresh process for each file. */
const pureTests = ['test/{unit,property,vectors,lockstep}/**/*.test.ts']

export default defineConfig({
  test: {
    // Forked processes, not threads: V8 flags and signals belong to a process.
    pool: 'forks',
    maxWorkers: 2,
    // Lets a test collect garbage before it compares heap sizes.
    execArgv: ['--expose-gc'],
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: pureTests, isolate: false, testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: pureTests,
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
})
