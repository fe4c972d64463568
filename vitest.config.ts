import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests of what scenarios use, which need no machine. */
const SCENARIO_PARTS = 'scenarios/lib/**/*.test.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['harness/**/*.test.ts', 'drivers/**/*.test.ts', 'scripts/**/*.test.ts', SCENARIO_PARTS],
          // Milliseconds each; but a runner may have much else to do.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'real storage',
          include: ['scenarios/**/*.test.ts'],
          exclude: [...configDefaults.exclude, SCENARIO_PARTS],
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
    maxWorkers: Math.min(availableParallelism(), 4),
    reporters: ['default'],
  },
})
