/** What a site lacks is found from the sync records of all, and reaches it, by nothing but records that are there. */
import { expect, it } from 'vitest'
import { counter, fields, register } from '../../shared/declare/index.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { lackingRecords, resend } from '../../shared/replicate/resend.ts'
import { noRecord } from '../../shared/replicate/sync-record.ts'
import { deliver, type MemorySite } from './memory-site.ts'
import { ThreeSites, type ThreeSitesMerge, thing } from './three-sites.ts'

const always = Number.POSITIVE_INFINITY

function standing(site: MemorySite) {
  const record = site.record(thing)
  if (record === noRecord) return []
  return [{ name: recordName(thing), vector: record.vector, hlc: record.hlc, deleted: record.shadow === 'absent' }]
}

const lacking = (sites: ThreeSites, untilMs = always) =>
  lackingRecords(new Map(sites.all.map(site => [site.id, standing(site)])), untilMs)

async function repair(sites: ThreeSites): Promise<readonly string[]> {
  const sending = lacking(sites)
  for (const site of sites.all) if (sending.has(site.id)) await resend([thing], site.ports)
  await sites.settle()
  return [...sending.keys()]
}

/** Captured and published at a site, and then lost on the way to everybody. */
async function lost(site: MemorySite, document: { readonly [name: string]: string | number } | undefined) {
  site.write(thing, document)
  await site.work()
  site.texts.splice(0)
}

const merge: ThreeSitesMerge = fields({ count: counter() })

it('a write that was lost on its way arrives, and afterwards nobody lacks anything', async () => {
  const sites = new ThreeSites(merge)
  await sites.begin({ count: 1 })
  await lost(sites.gcp, { count: 5 })
  expect(sites.documents).toEqual([{ count: 1 }, { count: 5 }, { count: 1 }])
  expect(await repair(sites)).toEqual([sites.gcp.id])
  expect(sites.documents).toEqual([{ count: 5 }, { count: 5 }, { count: 5 }])
  expect(lacking(sites).size).toBe(0)
})

it('lost writes of two sites are sent by both, and counted once', async () => {
  const sites = new ThreeSites(merge)
  await sites.begin({ count: 1 })
  await lost(sites.gcp, { count: 3 })
  await lost(sites.azure, { count: 5 })
  expect(await repair(sites)).toEqual([sites.gcp.id, sites.azure.id])
  await repair(sites)
  expect(sites.documents).toEqual([{ count: 7 }, { count: 7 }, { count: 7 }])
})

it('what all but one have is sent by one of them', async () => {
  const sites = new ThreeSites(register())
  sites.aws.write(thing, { title: 'a' })
  await sites.aws.work()
  await deliver(sites.aws.texts.splice(0), sites.aws, sites.gcp)
  expect(sites.documents).toEqual([{ title: 'a' }, { title: 'a' }, undefined])
  expect((await repair(sites)).length).toBe(1)
  expect(sites.documents).toEqual([{ title: 'a' }, { title: 'a' }, { title: 'a' }])
})

it('a deletion is sent to a site that has the document, and not to one that knows nothing of it', async () => {
  const sites = new ThreeSites(merge)
  await sites.begin({ count: 1 })
  await lost(sites.aws, undefined)
  expect(await repair(sites)).toEqual([sites.aws.id])
  expect(sites.documents).toEqual([undefined, undefined, undefined])
  const records = new Map([...sites.all].slice(0, 2).map(site => [site.id, standing(site)]))
  expect(lackingRecords(new Map([...records, ['new', []]]), always).size).toBe(0)
})

it('what may be on its way still is left out', async () => {
  const sites = new ThreeSites(merge)
  await lost(sites.aws, { count: 1 })
  const [record] = standing(sites.aws)
  const writtenMs = Math.floor((record?.hlc ?? 0) / 1000)
  expect(lacking(sites, writtenMs - 1).size).toBe(0)
  expect(lacking(sites, writtenMs + 1).size).toBe(1)
})
