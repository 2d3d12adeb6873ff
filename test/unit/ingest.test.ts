/** Ingest answers for every change: "applied" too early loses it, a refusal that should wait makes it a dead letter. */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { type RecordStore, StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { attemptsMax } from '../../shared/replicate/capture.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { type IngestPorts, ingest } from '../../shared/replicate/ingest.ts'
import { carriedResolutionsMax } from '../../shared/replicate/resolution-retention.ts'
import { recordsAtOnce } from '../../shared/replicate/side-by-side.ts'
import { NamedCells } from '../../shared/resolve/named-cells.ts'
import { createCrowd } from '../crowd.ts'
import { MemorySite } from './memory-site.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const azure = 'azure-eastus'
const plan = defineSync({
  sites: {
    [aws]: { cloud: 'aws', region: 'us-east-1' },
    [gcp]: { cloud: 'gcp', region: 'us-central1' },
    [azure]: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    carts: { key: ['ref'], merge: fields({ items: set(fields({ quantity: counter() })) }) },
    products: { key: ['ref'], merge: register() },
    prices: { key: ['ref'], merge: register(), sites: [aws, azure] },
  },
})

const ref = { type: 'carts', key: ['alice'] }
const product = { type: 'products', key: ['p'] }
const applied = { answer: 'applied' }

const holding = (items: Document, rest: Document = {}): Document => ({ ...rest, items })
const siteAt = (id = gcp, kind: StoreKind = 'versioned') => new MemorySite(plan, id, kind)

function portsWith(site: MemorySite, replace: (store: RecordStore) => Partial<RecordStore>): IngestPorts {
  const { store } = site
  return { ...site.ports, store: { ...store, ...replace(store) } }
}

async function answerTo(change: Change, ports: IngestPorts, sender = aws) {
  const [answer] = await ingest([change], sender, ports)
  return answer
}

async function changeFrom(site: MemorySite, document: Document | undefined, at = ref): Promise<Change> {
  return (await site.change(at, document)).change
}

describe('a change is', () => {
  it('applied, a duplicate when it comes again, a gap when something is missing before it', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    const [first, second, third] = [
      await changeFrom(from, holding({ tea: { quantity: 1 } })),
      await changeFrom(from, holding({ tea: { quantity: 3 } })),
      await changeFrom(from, holding({ tea: { quantity: 6 } })),
    ]
    expect(await ingest([first, first, third, second], aws, to.ports)).toEqual([
      applied,
      { answer: 'duplicate' },
      { answer: 'gap' },
      applied,
    ])
    expect(to.document(ref)).toEqual(holding({ tea: { quantity: 3 } }))
  })

  it('held when it was made under another plan', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    const change = { ...(await changeFrom(from, holding({}))), plan: 'another' }
    expect(await answerTo(change, to.ports)).toEqual({ answer: 'held' })
    expect(to.document(ref)).toBeUndefined()
  })

  it('answered only after its commit', async () => {
    const to = siteAt()
    const change = await changeFrom(siteAt(aws), holding({}))
    let committed = false
    const ports = portsWith(to, store => ({
      commit: async commit => {
        await new Promise(setImmediate)
        const result = await store.commit(commit)
        committed = true
        return result
      },
    }))
    expect(await answerTo(change, ports)).toEqual(applied)
    expect(committed).toBe(true)
  })

  it('a deletion that leaves nothing behind but what it takes to remember it', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    await ingest([await changeFrom(from, holding({ tea: { quantity: 1 } }))], aws, to.ports)
    expect(await answerTo(await changeFrom(from, undefined), to.ports)).toEqual(applied)
    expect(to.document(ref)).toBeUndefined()
    expect(to.record(ref).shadow).toBe('absent')
  })
})

describe('a change that may succeed later is busy, not refused', () => {
  it('when the store is unavailable, at whichever step', async () => {
    const change = await changeFrom(siteAt(aws), holding({}))
    for (const method of ['readRecord', 'readDocument', 'commit'] as const) {
      const ports = portsWith(siteAt(), () => ({ [method]: () => Promise.reject(new StoreUnavailable('throttled')) }))
      expect(await answerTo(change, ports)).toEqual({ answer: 'busy', reason: 'the store is unavailable: throttled' })
    }
  })

  it('when others keep changing the record', async () => {
    const change = await changeFrom(siteAt(aws), holding({}))
    let commits = 0
    const ports = portsWith(siteAt(), () => ({
      commit: () => {
        commits += 1
        return Promise.resolve('raced')
      },
    }))
    expect(await answerTo(change, ports)).toMatchObject({ answer: 'busy' })
    expect(commits).toBe(attemptsMax)
  })
})

describe('a change is refused', () => {
  const refusal = (reason: string, detail: string) => ({
    answer: 'refused',
    reason,
    detail: expect.stringContaining(detail),
  })
  const untouchable = (site: MemorySite): IngestPorts => {
    const never = () => Promise.reject(new Error('the store was touched'))
    return { ...site.ports, store: { readRecord: never, readDocument: never, commit: never } }
  }
  it.each<[string, (change: Change) => Change, string, string]>([
    [
      'when its origin is not its sender',
      change => ({ ...change, origin: azure }),
      'wrong_origin',
      `${aws} sent a change of ${azure}`,
    ],
    [
      'when no such type is declared',
      change => ({ ...change, type: 'orders' }),
      'unknown_type',
      "no data type 'orders'",
    ],
    [
      'when its type may not be here',
      change => ({ ...change, type: 'prices' }),
      'not_resident',
      `'prices' may not be at ${gcp}`,
    ],
    [
      'when its key has another shape',
      change => ({ ...change, key: ['a', 'b'] }),
      'malformed',
      "a key of 'carts' is ref",
    ],
    [
      'when its state is of another type',
      change => ({ ...change, state: { present: [], cells: NamedCells.of({ document: [] }) } }),
      'malformed',
      "no state of 'carts'",
    ],
  ])('%s, before the store is touched', async (_, bend, reason, detail) => {
    const change = bend(await changeFrom(siteAt(aws), holding({})))
    expect(await answerTo(change, untouchable(siteAt()))).toEqual(refusal(reason, detail))
  })

  it('when this store cannot hold the merged document', async () => {
    const change = await changeFrom(siteAt(aws), holding({}, { note: 'x' }))
    const ports = portsWith(siteAt(), () => ({
      commit: at => Promise.reject(new ValueRefused(at.ref, ['note'], 'too long')),
    }))
    expect(await answerTo(change, ports)).toEqual(refusal('not_storable', "field 'note': too long"))
  })

  it('when the document that stands here cannot be captured: it is not overwritten', async () => {
    const to = siteAt()
    const bad = holding({ tea: { quantity: 'two' } })
    to.write(ref, bad)
    const change = await changeFrom(siteAt(aws), holding({}))
    expect(await answerTo(change, to.ports)).toEqual(refusal('local_document_refused', 'items.tea.quantity'))
    expect(to.document(ref)).toEqual(bad)
  })

  it('when the stored state no longer gives the stored document', async () => {
    const to = siteAt()
    to.write(ref, holding({}))
    await to.capture(ref)
    const stored = await to.store.readRecord(ref)
    if (!stored) throw new Error('it was captured')
    const { vector, hlc, state, held, resolutions } = stored.record
    const record = { vector, hlc, state, held, resolutions, shadow: 'another' }
    await to.store.commit({ ref, record, expected: stored.revision })
    const change = await changeFrom(siteAt(aws), holding({}))
    expect(await answerTo(change, to.ports)).toEqual(refusal('shadow_mismatch', 'migrate before capturing'))
  })

  it('when the code fails on it: the failure is named', async () => {
    const change = await changeFrom(siteAt(aws), holding({}))
    const ports = portsWith(siteAt(), () => ({ readRecord: () => Promise.reject(new TypeError('x is undefined')) }))
    expect(await answerTo(change, ports)).toEqual(refusal('internal', 'TypeError: x is undefined'))
  })
})

describe('neighbours', () => {
  it('of a bad change are applied, each with its own answer in its own place', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    const good = [1, 2, 3].map(quantity => ({ type: 'carts', key: [`c${quantity}`] }))
    const changes: Change[] = []
    for (const at of good) changes.push(await changeFrom(from, holding({}), at))
    const [one, two, three] = changes
    if (!one || !two || !three) throw new Error('three writes')
    const bad = { ...two, type: 'orders' }
    const answers = await ingest([one, bad, { ...one, origin: azure }, three], aws, to.ports)
    expect(answers.map(({ answer }) => answer)).toEqual(['applied', 'refused', 'refused', 'applied'])
    expect(good.map(at => to.document(at) !== undefined)).toEqual([true, false, true])
  })

  it('are worked on side by side, but never more than a small store can answer in time, and all are answered', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    const changes: Change[] = []
    for (let n = 0; n < 100; n++) {
      const at = { type: 'carts', key: [`c${n}`] }
      changes.push(await changeFrom(from, holding({ tea: { quantity: 1 } }), at))
      // Every fourth record twice: those two go one after the other, in one place.
      if (n % 4 === 0) changes.push(await changeFrom(from, holding({ tea: { quantity: 2 } }), at))
    }
    const isDown = (key: string | undefined) => key?.endsWith('7') === true
    const isBroken = (key: string | undefined) => key?.endsWith('9') === true
    const crowd = createCrowd(recordsAtOnce, 20)
    const ports = portsWith(to, store => ({
      readRecord: at =>
        crowd.visit(async () => {
          if (isDown(at.key[0])) throw new StoreUnavailable('throttled')
          if (isBroken(at.key[0])) throw new TypeError('x is undefined')
          return store.readRecord(at)
        }),
    }))
    const answers = await ingest(changes, aws, ports)
    expect(crowd.most).toBe(recordsAtOnce)
    expect(answers.map(({ answer }) => answer)).toEqual(
      changes.map(({ key: [id] }) => (isDown(id) ? 'busy' : isBroken(id) ? 'refused' : 'applied')),
    )
    expect(to.document({ type: 'carts', key: ['c0'] })).toEqual(holding({ tea: { quantity: 2 } }))
  })
})

describe.each<StoreKind>(['transactional', 'versioned', 'batched'])(
  'what the application wrote, on a %s store',
  kind => {
    it('before the change came is captured first, and both are merged', async () => {
      const [from, to] = [siteAt(aws), siteAt(gcp, kind)]
      to.write(ref, holding({ tea: { quantity: 1 } }))
      const change = await changeFrom(from, holding({ tea: { quantity: 2 } }))
      expect(await answerTo(change, to.ports)).toEqual(applied)
      expect(to.document(ref)).toEqual(holding({ tea: { quantity: 3 } }))
      expect(to.record(ref).held).toHaveLength(1)
    })

    it.each<[string, Document, Document]>([
      ['of the same field', holding({ mug: { quantity: 7 } }), holding({ mug: { quantity: 7 }, tea: { quantity: 2 } })],
      ['of a new field', holding({}, { note: 'mine' }), holding({ tea: { quantity: 2 } }, { note: 'mine' })],
    ])('between the look and the commit is captured, not overwritten: %s', async (_, mine, both) => {
      const [from, to] = [siteAt(aws), siteAt(gcp, kind)]
      const base = await changeFrom(from, holding({}))
      await ingest([base], aws, to.ports)
      const change = await changeFrom(from, holding({ tea: { quantity: 2 } }))
      let interfered = false
      const ports = portsWith(to, store => ({
        commit: commit => {
          if (!interfered) to.write(ref, mine)
          interfered = true
          return store.commit(commit)
        },
      }))
      expect(await answerTo(change, ports)).toEqual(applied)
      await to.work()
      expect(to.document(ref)).toEqual(both)
      expect(Object.keys(to.record(ref).vector).sort()).toEqual([aws, gcp])
    })

    it('in one field of a product never stands beside what came in another: one of them wins, whole', async () => {
      const [from, to] = [siteAt(aws), siteAt(gcp, kind)]
      await ingest([await changeFrom(from, { title: 'a', price: 1 }, product)], aws, to.ports)
      const change = await changeFrom(from, { title: 'b', price: 1 }, product)
      let interfered = false
      const ports = portsWith(to, store => ({
        commit: commit => {
          if (!interfered) to.write(product, { title: 'a', price: 2 })
          interfered = true
          return store.commit(commit)
        },
      }))
      expect(await answerTo(change, ports)).toEqual(applied)
      expect([
        { title: 'b', price: 1 },
        { title: 'a', price: 2 },
      ]).toContainEqual(to.document(product))
    })
  },
)

describe('the database', () => {
  it('is not written for a document that stays as it is', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    await ingest([await changeFrom(from, { title: 'a' }, product)], aws, to.ports)
    to.write(product, { title: 'b' })
    await to.work()
    const commits: boolean[] = []
    const ports = portsWith(to, store => ({
      commit: commit => {
        commits.push(commit.document !== undefined)
        return store.commit(commit)
      },
    }))
    from.clock.nowMs -= 60_000
    const losing = await changeFrom(from, { title: 'c' }, product)
    const answer = await answerTo(losing, ports)
    expect(answer).toEqual(applied)
    expect(to.document(product)).toEqual({ title: 'b' })
    expect(commits).toEqual([false])
    expect(await answerTo(losing, ports)).toEqual({ answer: 'duplicate' })
    expect(commits).toEqual([false])
  })
})

describe('resolutions', () => {
  it('that get too many for a sync record are in the audit store before they leave it', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    const steps: string[] = []
    const { audit } = to.ports
    const ports: IngestPorts = {
      ...portsWith(to, store => ({
        commit: commit => {
          steps.push('commit')
          return store.commit(commit)
        },
      })),
      audit: {
        put: entries => {
          steps.push(`audit ${entries.length}`)
          return audit.put(entries)
        },
      },
    }
    to.write(ref, holding({}, { note: 'ours' }))
    await to.work()
    for (let write = 0; write < carriedResolutionsMax; write++) {
      await answerTo(await changeFrom(from, holding({}, { note: `theirs ${write}` })), ports)
    }
    expect(to.record(ref).resolutions).toHaveLength(carriedResolutionsMax)
    expect(steps).not.toContain(`audit ${carriedResolutionsMax}`)
    steps.length = 0
    await answerTo(await changeFrom(from, holding({}, { note: 'one more' })), ports)
    expect(steps).toEqual([`audit ${carriedResolutionsMax}`, 'commit'])
    expect(to.record(ref).resolutions).toHaveLength(1)
    await to.work()
    expect(to.audit.entries.size).toBe(carriedResolutionsMax + 1)
  })

  it('that cannot be put into the audit store keep the change waiting', async () => {
    const [from, to] = [siteAt(aws), siteAt()]
    to.write(ref, holding({}, { note: 'ours' }))
    await to.work()
    const ports = { ...to.ports, audit: { put: () => Promise.reject(new StoreUnavailable('throttled')) } }
    for (let write = 0; write < carriedResolutionsMax; write++) {
      await answerTo(await changeFrom(from, holding({}, { note: `theirs ${write}` })), ports)
    }
    const before = to.database.record(ref)
    const change = await changeFrom(from, holding({}, { note: 'one more' }))
    expect(await answerTo(change, ports)).toMatchObject({ answer: 'busy' })
    expect(to.database.record(ref)).toBe(before)
  })
})
