/** Publish is the only way out of a site: what it leaves out never reaches the others. */
import { describe, expect, it } from 'vitest'
import type { Document } from '../../shared/document/json.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import { deploymentMsMax } from '../../shared/replicate/declared-state.ts'
import { publish, type RecordVersion } from '../../shared/replicate/publish.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const ref = { type: 'carts', key: ['alice'] }
const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'

const tea: Document = { currency: 'EUR', items: { tea: { quantity: 2, note: 'gift' }, mug: { quantity: 1 } } }

async function captured(...documents: readonly (Document | undefined)[]): Promise<MemorySite> {
  const site = new MemorySite(plan, aws)
  for (const document of documents) {
    site.write(ref, document)
    await site.capture(ref)
  }
  return site
}

function versionsOf(site: MemorySite): readonly [RecordVersion, ...RecordVersion[]] {
  const [first, ...rest] = site.versions.splice(0)
  if (!first) throw new Error('nothing was committed')
  return [first, ...rest]
}

const changes = (site: MemorySite) => site.texts.splice(0).map(text => readChangeEvent(text).change)

describe('what travels', () => {
  it('is the cells that a write touched, and what it had seen', async () => {
    const site = await captured(tea, { ...tea, items: { tea: { quantity: 5, note: 'gift' }, mug: { quantity: 1 } } })
    const [, second] = versionsOf(site)
    if (!second) throw new Error('two captures')
    await publish([second], site.ports)
    const [change] = changes(site)
    expect(change).toMatchObject({
      ...ref,
      origin: aws,
      plan: plan.hash,
      operation: 'update',
      vector: { [aws]: startMs + 1 },
      hlc: startMs * 1000 + 1,
      intervals: [{ from: startMs, to: startMs + 1, seen: { [aws]: startMs } }],
    })
    const dot = [[aws, startMs + 1]]
    expect(JSON.parse(JSON.stringify(change?.state))).toEqual({
      present: dot,
      cells: {
        document: {
          present: dot,
          cells: {
            items: {
              present: dot,
              cells: {
                tea: { present: dot, cells: { quantity: { present: dot, slots: { [aws]: [startMs, 5, 0, 0, 0] } } } },
              },
            },
          },
        },
      },
    })
  })

  it.each<[string, readonly (Document | undefined)[], string]>([
    ['the first write of a record', [tea], 'create'],
    ['a later one', [tea, { ...tea, currency: 'USD' }], 'update'],
    ['a removal', [tea, undefined], 'delete'],
    ['what comes after a removal', [tea, undefined, tea], 'update'],
  ])('%s is called what it is', async (_, documents, operation) => {
    const site = await captured(...documents)
    const version = versionsOf(site).at(-1)
    if (version) await publish([version], site.ports)
    expect(changes(site).map(change => change.operation)).toEqual([operation])
  })

  it('is each write once, where the feed carries the version before', async () => {
    const site = await captured(tea, { ...tea, currency: 'USD' }, { ...tea, currency: 'CHF' })
    await publish(versionsOf(site), site.ports)
    expect(changes(site).map(({ intervals }) => intervals.map(({ from, to }) => [from, to]))).toEqual([
      [[0, startMs]],
      [[startMs, startMs + 1]],
      [[startMs + 1, startMs + 2]],
    ])
  })

  it('is all that the record still holds, where the feed may have skipped versions (P10)', async () => {
    const site = await captured(tea, { ...tea, currency: 'USD' }, { ...tea, currency: 'USD', note: 'late' })
    const last = versionsOf(site).at(-1)
    if (last) await publish([{ ...last, previous: undefined }], site.ports)
    const [change] = changes(site)
    expect(change?.intervals.map(({ from, to }) => [from, to])).toEqual([
      [startMs, startMs + 1],
      [startMs + 1, startMs + 2],
    ])
    const document = change?.state?.cells.get('document')
    expect(document && 'cells' in document ? document.cells.names : []).toEqual(['currency', 'note'])
  })

  it('is nothing of other sites: each publishes its own', async () => {
    const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp)] as const
    sites[0].write(ref, tea)
    await settle(sites)
    expect(sites[1].document(ref)).toEqual(tea)
    const stored = sites[1].database.record(ref)
    await publish([{ ref, text: stored ?? '', previous: undefined }], sites[1].ports)
    expect(changes(sites[1])).toEqual([])
  })
})

describe('resolutions', () => {
  it('go to the audit store, and not again when the version before had them', async () => {
    const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp)] as const
    for (const site of sites) site.write(ref, { ...tea, note: site.id })
    await settle(sites)
    const [site] = sites
    expect(site.audit.entries.size).toBe(1)
    const text = site.database.record(ref) ?? ''
    site.audit.entries.clear()
    await publish([{ ref, text, previous: text }], site.ports)
    expect(site.audit.entries.size).toBe(0)
    await publish([{ ref, text, previous: undefined }], site.ports)
    expect(site.audit.entries.size).toBe(1)
  })
})

describe('a version that cannot be read', () => {
  const spoiled: readonly (readonly [string, (version: RecordVersion) => RecordVersion, string])[] = [
    ['of another encoding', version => ({ ...version, text: version.text.replace('[5,', '[7,') }), 'encoding 7'],
    ['that is no record', version => ({ ...version, text: 'hello' }), 'JSON'],
    ['whose state is spoiled', version => ({ ...version, text: version.text.replace(/\n.*/, '\n[!') }), 'JSON'],
    ['of no declared type', version => ({ ...version, ref: { ...ref, type: 'unheard' } }), "no data type 'unheard'"],
  ]
  it.each(spoiled)('%s is put aside, and its neighbours pass', async (_, spoil, reason) => {
    const site = await captured(tea)
    const [version] = versionsOf(site)
    const bad = spoil(version)
    // Until then its site may be in the middle of a deployment.
    site.clock.nowMs += deploymentMsMax
    await publish([version, bad, version], site.ports)
    expect(changes(site)).toHaveLength(2)
    expect([...site.deadLetters.letters.values()]).toEqual([
      {
        kind: 'message',
        id: expect.any(String),
        site: aws,
        reason: expect.stringContaining(reason),
        atMs: startMs + deploymentMsMax,
        text: bad.text,
      },
    ])
  })
})

it('whose predecessor cannot be read is sent with all that it holds: the feed may have skipped anything', async () => {
  const site = await captured(tea)
  const [version] = versionsOf(site)
  await publish([{ ...version, previous: 'hello' }], site.ports)
  expect(changes(site)).toHaveLength(1)
  expect(site.deadLetters.letters.size).toBe(0)
})

describe('when something cannot be written', () => {
  it.each(['bus', 'audit', 'deadLetters'] as const)(
    '%s: publish rejects, so that the feed delivers again',
    async name => {
      const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp)] as const
      for (const site of sites) site.write(ref, { ...tea, note: site.id })
      await settle(sites)
      const [site] = sites
      const text = site.database.record(ref) ?? ''
      const unreachable = () => Promise.reject(new Error('unreachable'))
      const ports = { ...site.ports, [name]: { publish: unreachable, put: unreachable } }
      const versions = [
        { ref, text, previous: undefined },
        { ref, text: 'hello', previous: undefined },
      ]
      await expect(publish(versions, ports)).rejects.toThrow('unreachable')
    },
  )

  it('nothing is said to anybody when there is no news', async () => {
    const site = await captured(tea)
    const never = () => Promise.reject(new Error('asked without need'))
    const text = site.database.record(ref) ?? ''
    const ports = { ...site.ports, bus: { publish: never }, audit: { put: never }, deadLetters: { put: never } }
    await publish([{ ref, text, previous: text }], ports)
    await publish([], ports)
  })
})
