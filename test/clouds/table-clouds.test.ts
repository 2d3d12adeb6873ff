/** The suites on tables that were there before, one after the other on the same clouds; the one that leaves a dead letter is last. */
import { afterAll } from 'vitest'
import { stopSharedClouds } from './shared-clouds.ts'
import './accounts.suite.ts'
import './adopt.suite.ts'
import './data-sets.suite.ts'
import './layout.suite.ts'

afterAll(stopSharedClouds)
