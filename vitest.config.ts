import { defineConfig } from 'vitest/config'

// "unit" needs no process but its own; "infra" runs cdk synth; "local" starts servers and functions; "clouds" starts
// three clouds and runs one file at a time. The groups follow each other: what starts three clouds wants the machine.
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/laws/**/*.test.ts'],
          testTimeout: 30_000,
          // Without this one worker fewer than there are cores.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          globalSetup: ['test/infra/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          setupFiles: ['test/local/clear-endpoints-first.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'clouds',
          include: ['test/clouds/**/*.test.ts'],
          setupFiles: ['test/local/clear-endpoints-first.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
