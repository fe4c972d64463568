import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['harness/**/*.test.ts'] } },
      {
        test: {
          name: 'real storage',
          include: ['scenarios/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
    maxWorkers: Math.min(availableParallelism(), 4),
    reporters: ['default'],
  },
})
