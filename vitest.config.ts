import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

// "unit" needs no process but its own; "infra" runs cdk synth; "local" starts servers and functions; "clouds" starts
// three clouds. The groups follow each other: what starts three clouds wants the machine. There two files run side by side:
// most of their time is waiting, for triggers, expiries and cuts.
export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/laws/**/*.test.ts'],
          testTimeout: 30_000,
          // Its tests leave no state in modules, and loading those anew for each file is a sixth of the time.
          isolate: false,
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
          // They wait for servers and timers more than half of the time.
          maxWorkers: 4,
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
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
