import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** The HTML report in a browser. It needs no machine. */
const BROWSER = 'tests/reports_open_in_a_browser.test.ts'
/** A CI system may run the matrix in shards instead. */
const MATRIX = 'scenarios/the_matrix_is_upheld.test.ts'
/** A little of the scenarios and of the matrix, for those who do not wait for all of them. */
const SMOKE = 'scenarios/smoke.test.ts'
/** A release of Cinder with all that it runs on takes 700 MB, and its drivers take minutes. */
const CINDER = ['scenarios/whole_cinder_corrupts_thick_volumes.test.ts', 'scenarios/cinders_nfs_driver_keeps_its_server.test.ts']
const STORAGE = { testTimeout: 300_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      {
        // One package names source maps that it does not contain, and vite warns of each.
        logLevel: 'error',
        test: {
          name: 'unit',
          // A process for each of so many files, and its imports, would take half of the time.
          pool: 'threads',
          isolate: false,
          include: ['{harness,scripts,tests/unit,tests/support}/**/*.test.ts'],
          // Each takes milliseconds, but the machine may be busy.
          testTimeout: 60_000,
          // It imports JSON as only bundlers do.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
        },
      },
      { test: { name: 'report', include: [BROWSER], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: 'product', include: ['tests/*.test.ts'], exclude: [BROWSER], ...STORAGE } },
      {
        test: {
          name: 'scenarios',
          include: ['scenarios/**/*.test.ts'],
          exclude: [MATRIX, SMOKE, ...CINDER],
          globalSetup: 'tests/support/hostile/compile.ts',
          ...STORAGE,
        },
      },
      { test: { name: 'matrix', include: [MATRIX], ...STORAGE } },
      { test: { name: 'smoke', include: [SMOKE], ...STORAGE } },
      { test: { name: 'cinder', include: CINDER, ...STORAGE } },
    ],
    maxWorkers: Math.min(availableParallelism(), 4),
    reporters: ['default'],
  },
})
