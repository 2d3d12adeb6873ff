/** A name that one cloud refuses stops a deployment half way. */
import { describe, expect, it } from 'vitest'
import {
  auditStoreName,
  changesName,
  cosmosDatabaseName,
  cosmosLeasesName,
  deadLettersName,
  feedName,
  forwardName,
  syncStoreName,
} from '../../shared/declare/resource-names.ts'

const longestSite = 'a'.repeat(40)
const longestType = 'a'.repeat(40)

describe('the names of resources', () => {
  it('are accepted by every cloud, for the longest site and type (a Storage queue: 3 to 63 letters, digits, hyphens)', () => {
    const names = [
      syncStoreName,
      auditStoreName,
      changesName,
      deadLettersName,
      forwardName(longestSite),
      cosmosDatabaseName,
      cosmosLeasesName,
      feedName(longestType.slice(0, 40)),
    ]
    for (const name of names) expect(name).toMatch(/^(?!.*--)[a-z][a-z0-9-]{1,61}[a-z0-9]$/)
    expect(new Set(names).size).toBe(names.length)
  })
})
