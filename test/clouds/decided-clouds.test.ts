/** The suites on types that are decided, and on what expires, one after the other on the same clouds. */
import { afterAll } from 'vitest'
import { stopSharedClouds } from './shared-clouds.ts'
import './ledger.suite.ts'
import './event-log.suite.ts'
import './expiry.suite.ts'

afterAll(stopSharedClouds)
