/** Conflicts of large documents must not make a sync record that no store can hold: the change could never be merged. */
import { expect, it } from 'vitest'
import { applyChange } from '../../shared/replicate/apply-change.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { carriedBytesMax } from '../../shared/replicate/resolution-retention.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const ref = { type: 'products', key: ['p'] }
const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

it('three concurrent documents of 100 KB converge, every loser is in the audit whole, and no record carries them', async () => {
  const sites = [aws, gcp, azure].map(id => new MemorySite(plan, id))
  for (const [index, site] of sites.entries()) site.write(ref, { title: site.id, text: String(index).repeat(100_000) })
  await settle(sites)

  const documents = sites.map(site => site.document(ref))
  expect(new Set(documents.map(document => JSON.stringify(document))).size).toBe(1)
  for (const site of sites) {
    const { resolutions } = site.record(ref)
    expect(JSON.stringify(resolutions).length).toBeLessThanOrEqual(carriedBytesMax)
    // DynamoDB holds 400 KB: the three concurrent values, and nothing that is in the audit already.
    expect(site.database.record(ref)?.length).toBeLessThan(400_000)
  }
  const lost = sites.flatMap(site =>
    [...site.audit.entries.values()]
      .filter(isResolution)
      .flatMap(({ arbitrations }) => arbitrations.flatMap(({ lost }) => lost ?? [])),
  )
  const winner = documents[0]?.title
  for (const site of [aws, gcp, azure].filter(id => id !== winner)) {
    expect(lost.map(({ value }) => value)).toContainEqual(expect.objectContaining({ title: site }))
  }
})

it('a whole state that brings a concurrent value is audited where it arrives, once, for the site it came from', async () => {
  const [a, b, c] = [aws, gcp, azure].map(id => new MemorySite(plan, id)) as [MemorySite, MemorySite, MemorySite]
  const fromA = await a.change(ref, { title: 'of A' })
  const fromB = await b.change(ref, { title: 'of B' })
  const { record: type } = dataTypeOf(c.here, 'products')
  const at = (site: string) => ({ site, nowMs: startMs, messageAgeMaxMs })
  const merged = (record: MemorySite, change: typeof fromA.change) => {
    const result = applyChange(record.record(ref), change, type, at(record.id))
    if (typeof result === 'string') throw new Error(result)
    return result.record
  }
  const atC = merged(c, fromB.change)
  const atA = merged(a, fromB.change)
  expect(fromA.change.origin).toBe(aws)
  const whole = applyChange(atC, wholeChange(ref, atA, a.here, startMs), type, at(azure))
  if (typeof whole === 'string') throw new Error(whole)
  expect(
    whole.record.resolutions.map(({ origin, arbitrations }) => [origin, arbitrations.map(({ rule }) => rule)]),
  ).toEqual([[aws, ['latest-write-wins']]])
})
