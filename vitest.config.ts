import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests of what scenarios use, which need no machine. */
const SCENARIO_PARTS = 'scenarios/lib/**/*.test.ts'
/** Tests of the HTML report in a browser, which need no machine either. */
const REPORT = 'scenarios/reports_*.test.ts'

export default defineConfig({
  test: {
    projects: [
      {
        // One package names source maps that it does not bring: that needs no telling.
        logLevel: 'error',
        test: {
          name: 'unit',
          include: ['harness/**/*.test.ts', 'drivers/**/*.test.ts', 'scripts/**/*.test.ts', 'tests/*.test.ts', SCENARIO_PARTS],
          // Milliseconds each; but a runner may have much else to do.
          testTimeout: 60_000,
          // It imports JSON as only bundlers do.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
        },
      },
      { test: { name: 'report', include: [REPORT], testTimeout: 60_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'real storage',
          include: ['scenarios/**/*.test.ts'],
          exclude: [...configDefaults.exclude, SCENARIO_PARTS, REPORT],
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
    maxWorkers: Math.min(availableParallelism(), 4),
    reporters: ['default'],
  },
})
