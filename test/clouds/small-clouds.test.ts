/** The suites that two types are enough for, on the same clouds; the one that takes these apart is last. */
import { afterAll } from 'vitest'
import { stopSharedClouds } from './shared-clouds.ts'
import './check-writes.suite.ts'
import './upgrade.suite.ts'
import './uninstall.suite.ts'

afterAll(stopSharedClouds)
