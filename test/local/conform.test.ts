/**
 * The local servers behave as their services do, by the suite that runs against the clouds, too (`npm run conform`). A row
 * that fails here means: what passes on the local clouds may lose data in the cloud.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { ConformanceReport, RowResult } from '../conform/report.ts'
import { isFailed } from '../conform/report.ts'
import { runConformance } from '../conform/run-conformance.ts'
import { suites } from '../conform/suites.ts'

/** About 20 s on a quiet machine: most of it is waiting for deadlines and expiry. */
const runMsMax = 240_000

let report: ConformanceReport

beforeAll(async () => {
  report = await runConformance({
    target: 'local',
    suites,
    environment: {},
    prefix: 'tributary-conform-test',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  })
}, runMsMax)

function resultOf(service: string, name: string): RowResult | undefined {
  return report.suites.find(suite => suite.service === service)?.rows.find(row => row.name === name)
}

describe.each(suites.map(suite => ({ service: suite.service, rows: suite.rows })))('$service', ({ service, rows }) => {
  test.each(rows.map(({ name }) => name))('%s', name => {
    const result = resultOf(service, name)
    expect(['passed', 'differs'], result?.cause).toContain(result?.outcome)
  })
})

test('only emulators of other people differ, and nothing stays behind', () => {
  const differing = report.suites.filter(({ rows }) => rows.some(({ outcome }) => outcome === 'differs'))
  expect(differing.map(({ server }) => server?.kind)).toEqual(differing.map(() => 'third-party emulator'))
  expect(isFailed(report)).toBe(false)
})

test('every service has rows of its own name', () => {
  for (const { service, rows } of suites) expect(new Set(rows.map(({ name }) => name)).size, service).toBe(rows.length)
})
