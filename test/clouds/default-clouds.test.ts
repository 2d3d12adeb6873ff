/**
 * The suites on the catalogue's declaration, one after the other on the same clouds; each leaves them at rest. Those that
 * leave dead letters behind are last. One alone: `vitest run --project clouds -t 'part of its name'`.
 */
import { afterAll } from 'vitest'
import { stopSharedClouds } from './shared-clouds.ts'
import './catalogue.suite.ts'
import './flow.suite.ts'
import './kills.suite.ts'
import './deletes.suite.ts'
import './three-clouds.suite.ts'
import './values.suite.ts'
import './large-documents.suite.ts'

afterAll(stopSharedClouds)
