/** The review queue: each conflict once, until somebody has looked at it. */
import { describe, expect, it } from 'vitest'
import { emptyVector } from '../../shared/causality/version-vector.ts'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { isFlagged } from '../../shared/replicate/audit-place.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { reviewEntry } from '../../shared/replicate/review-entry.ts'
import { documentOfSite } from '../../tools/conflicts/chosen-document.ts'
import { type Conflict, openConflicts } from '../../tools/conflicts/open-conflicts.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const plan = defineSync({
  sites: {
    [aws]: { cloud: 'aws', region: 'us-east-1' },
    [gcp]: { cloud: 'gcp', region: 'us-central1' },
    [azure]: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    products: { key: ['id'], merge: register({ review: true }) },
    customers: { key: ['id'], merge: fields({ address: register({ review: true }) }) },
    sessions: { key: ['id'], merge: register() },
  },
})
const teapot = { type: 'products', key: ['teapot'] }

function threeSites() {
  return [
    new MemorySite(plan, aws),
    new MemorySite(plan, gcp, 'transactional'),
    new MemorySite(plan, azure, 'batched'),
  ] as const
}

const auditOf = (sites: readonly MemorySite[]) => sites.flatMap(({ audit }) => [...audit.entries.values()])
const nothingSeen = () => emptyVector

function conflictsOf(entries: readonly AuditEntry[], reviews: readonly AuditEntry[] = []): readonly Conflict[] {
  return openConflicts(entries.filter(isFlagged), reviews, nothingSeen)
}

/** Three sites write at once, a second apart. */
async function threeVersions() {
  const sites = threeSites()
  for (const [index, site] of sites.entries()) {
    site.clock.nowMs = startMs + 1000 * index
    site.write(teapot, { title: `title ${index}` })
    site.write({ type: 'sessions', key: ['s'] }, { page: index })
    await site.work()
  }
  await settle(sites)
  return sites
}

describe('a conflict that three sites tell of', () => {
  it('is one, with every version, the latest first; what needs no review is not there', async () => {
    const [conflict, ...others] = conflictsOf(auditOf(await threeVersions()))
    expect(others).toEqual([])
    expect(conflict).toMatchObject({
      ...teapot,
      vector: { [aws]: startMs, [gcp]: startMs + 1000, [azure]: startMs + 2000 },
    })
    expect(conflict?.cells).toHaveLength(1)
    const [cell] = conflict?.cells ?? []
    expect(cell).toMatchObject({ path: [], rule: 'latest-write-wins' })
    expect(cell?.versions.map(({ site, value }) => [site, value])).toEqual([
      [azure, { title: 'title 2' }],
      [gcp, { title: 'title 1' }],
      [aws, { title: 'title 0' }],
    ])
    expect(new Set(conflict?.entries.map(({ site }) => site))).toEqual(new Set([aws, gcp, azure]))
  })

  it('stays after a later write has settled it, until it is reviewed; then a new one is a conflict again', async () => {
    const sites = await threeVersions()
    sites[0].write(teapot, { title: 'settled' })
    await settle(sites)
    const [conflict] = conflictsOf(auditOf(sites))
    const entries = conflict?.entries.map(({ id }) => id) ?? []
    const about = { ...teapot, site: aws, origin: aws, atMs: startMs, by: 'ines', outcome: 'dismissed' } as const
    const review = reviewEntry({ ...about, entries })
    expect(conflictsOf(auditOf(sites), [review])).toEqual([])
    expect(conflictsOf(auditOf(sites), [reviewEntry({ ...about, entries: entries.slice(1) })])).toHaveLength(1)

    sites[0].write(teapot, { title: 'again' })
    sites[1].write(teapot, { title: 'and again' })
    await settle(sites)
    const [again] = conflictsOf(auditOf(sites), [review])
    expect(again?.cells[0]?.versions.map(({ value }) => value)).toEqual(
      expect.arrayContaining([{ title: 'again' }, { title: 'and again' }]),
    )
    expect(again?.cells[0]?.versions).toHaveLength(2)
  })
})

describe('the document that is chosen', () => {
  it("is a site's version whole, where the whole document is in conflict", async () => {
    const [conflict] = conflictsOf(auditOf(await threeVersions()))
    if (!conflict) return expect.unreachable()
    expect(documentOfSite(conflict, gcp, { title: 'title 2' })).toEqual({ title: 'title 1' })
    expect(() => documentOfSite({ ...conflict, cells: [] }, gcp, undefined)).toThrow('no versions')
  })

  it("is the present one with the site's value, where one field is; a site without a version is named", async () => {
    const sites = threeSites()
    const ref = { type: 'customers', key: ['c'] }
    sites[0].write(ref, { name: 'Ada', address: 'old' })
    await settle(sites)
    sites[0].write(ref, { name: 'Ada', address: 'Bern' })
    sites[1].write(ref, { name: 'Ada L.', address: 'Wien' })
    await settle(sites)
    const [conflict] = conflictsOf(auditOf(sites))
    if (!conflict) return expect.unreachable()
    expect(documentOfSite(conflict, aws, { name: 'Ada L.', address: 'Wien' })).toEqual({
      name: 'Ada L.',
      address: 'Bern',
    })
    expect(() => documentOfSite(conflict, azure, {})).toThrow(
      /azure-eastus has no version of address; there are those of .*--value FILE/,
    )
  })
})

it('a write in quarantine is there until it has arrived', async () => {
  const [ahead, right] = threeSites()
  ahead.clock.nowMs += 60_000
  const { change } = await ahead.change(teapot, { title: 'too early' })
  await ingest([change], aws, right.ports)
  const entries = auditOf([right])
  const [waiting] = conflictsOf(entries)
  expect(waiting).toMatchObject({ ...teapot, cells: [], quarantined: [{ origin: aws, site: gcp, aheadMs: 60_000 }] })
  right.clock.nowMs += 60_000
  await ingest([change], aws, right.ports)
  expect(openConflicts(entries, [], () => right.record(teapot).vector)).toEqual([])
})
