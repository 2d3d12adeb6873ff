/** The parts of the benchmark that are tables of their own, in the order in which they are measured. */
import { adoptRow } from './adopt-row.ts'
import type { BenchRow } from './bench-row.ts'
import { bundleRow } from './bundle-row.ts'
import { memoryRow } from './memory-row.ts'
import { mergeRow } from './merge-row.ts'
import { startUpRow } from './start-up-row.ts'
import { storageRow } from './storage-row.ts'
import { wireRow } from './wire-row.ts'

export const benchRows: readonly BenchRow[] = [
  mergeRow,
  bundleRow,
  wireRow,
  startUpRow,
  memoryRow,
  storageRow,
  adoptRow,
]
