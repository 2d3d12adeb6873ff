/** Reservations against a stock at three sites, through the real flows: what an application is told must stay true. */
import { beforeEach, describe, expect, it } from 'vitest'
import { defineSync, home, ledger } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import { takeOver } from '../../shared/replicate/take-over.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const sites = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
  'azure-eastus': { cloud: 'azure', region: 'eastus' },
} as const
const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

const planWith = (fixed: 'majority' | 'home', shortage: 'keep' | 'revokeLatest') =>
  defineSync({
    sites,
    data: {
      stock: {
        key: ['sku'],
        merge: ledger({
          stock: 'on_hand',
          entries: 'reservations',
          available: 'available',
          quantity: 'qty',
          status: 'status',
          expires: 'until',
          decide: home({ at: gcp, fixed }),
          shortage,
        }),
      },
    },
  })

const sku = { type: 'stock', key: ['tea'] }
let all: readonly MemorySite[]
let atAws: MemorySite
let atGcp: MemorySite
let atAzure: MemorySite

function open(fixed: 'majority' | 'home' = 'majority', shortage: 'keep' | 'revokeLatest' = 'keep') {
  const plan = planWith(fixed, shortage)
  atAws = new MemorySite(plan, aws, 'versioned')
  atGcp = new MemorySite(plan, gcp, 'versioned')
  atAzure = new MemorySite(plan, azure, 'versioned')
  all = [atAws, atGcp, atAzure]
}

interface Entry {
  readonly qty: number
  readonly status?: string
  readonly until?: number
  readonly note?: string
}
type Shown = { on_hand: number; available: number; reservations: Record<string, Entry> }

const shown = (site: MemorySite) => site.document(sku) as unknown as Shown
const statusAt = (site: MemorySite, id: string) => shown(site).reservations[id]?.status
const statuses = (id: string) => all.map(site => statusAt(site, id))

/** As an application does it: reads the document, changes it, writes it back. */
function edit(site: MemorySite, change: (document: Shown) => void): void {
  const document = structuredClone(shown(site) ?? { on_hand: 0, available: 0, reservations: {} })
  change(document)
  site.write(sku, JSON.parse(JSON.stringify(document)))
}
const request = (site: MemorySite, id: string, qty: number, more: Partial<Entry> = {}) =>
  edit(site, document => {
    document.reservations[id] = { qty, status: 'requested', ...more }
  })
const say = (site: MemorySite, id: string, status: string) =>
  edit(site, document => {
    document.reservations[id] = { ...(document.reservations[id] ?? { qty: 0 }), status }
  })

const incidentsAt = (site: MemorySite) =>
  [...site.audit.entries.values()].flatMap(entry =>
    'kind' in entry && entry.kind === 'incident' ? [[entry.name, entry.subject]] : [],
  )

async function stocked(amount: number): Promise<void> {
  atAws.write(sku, { on_hand: amount, reservations: {} })
  await settle(all)
}

beforeEach(async () => {
  open()
  await stocked(5)
})

it('what is there is available everywhere before anybody has reserved', () => {
  expect(all.map(shown)).toEqual(all.map(() => ({ on_hand: 5, available: 5, reservations: {} })))
})

it('a request is accepted, holds its quantity, and every site shows the same', async () => {
  request(atAws, 'a', 3)
  await settle(all)
  expect(all.map(shown)).toEqual(
    all.map(() => ({ on_hand: 5, available: 2, reservations: { a: { qty: 3, status: 'accepted' } } })),
  )
})

it('a verdict shows once two of three sites have it, and before that the request does', async () => {
  request(atAws, 'a', 1)
  await atAws.work()
  expect(statusAt(atAws, 'a')).toBe('requested')
  await settle([atAws, atGcp])
  expect(statusAt(atGcp, 'a')).toBe('accepted')
  expect(statusAt(atAws, 'a')).toBe('accepted')
  expect(shown(atAzure).reservations).toEqual({})
})

describe('the audit', () => {
  const resolutionsAt = (site: MemorySite) => [...site.audit.entries.values()].filter(isResolution)

  it('has nothing of verdicts, and of the words of sites that they have stored them: no two writes met', async () => {
    for (const id of ['a', 'b', 'c']) {
      request(atAws, id, 1)
      await settle(all)
    }
    expect(statuses('c')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(all.map(resolutionsAt)).toEqual([[], [], []])
  })

  it('has one entry at each site of two requests that met, and nothing of what was decided afterwards', async () => {
    request(atAws, 'a', 3)
    request(atAzure, 'b', 3)
    await settle(all)
    expect([statuses('a'), statuses('b')].map(words => new Set(words).size)).toEqual([1, 1])
    expect(all.map(site => resolutionsAt(site).length)).toEqual([1, 1, 1])
  })

  it('has nothing of a request that met nothing but words about another one, in a whole state either', async () => {
    request(atAws, 'a', 1)
    await atAws.work()
    await settle([atAws, atGcp])
    // Azure has not heard of it: what it writes has seen neither the request nor the words.
    expect(shown(atAzure).reservations).toEqual({})
    const whole = wholeChange(sku, atGcp.record(sku), atGcp.here, startMs)
    expect(await ingest([whole], gcp, atAzure.ports)).toEqual([{ answer: 'applied' }])
    request(atAzure, 'b', 1)
    await settle(all)
    expect(statuses('b')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(all.map(resolutionsAt)).toEqual([[], [], []])
  })
})

it('declared so, the home alone fixes: its own requests are answered in the commit that captures them', async () => {
  open('home')
  await stocked(5)
  request(atGcp, 'a', 2)
  await atGcp.work()
  expect(shown(atGcp)).toMatchObject({ available: 3, reservations: { a: { status: 'accepted' } } })
})

it('which writes were applications’ is told beside the vector only while that tells it otherwise', async () => {
  open('home')
  atGcp.write(sku, { on_hand: 5, reservations: { a: { qty: 1, status: 'requested' } } })
  await atGcp.work()
  const decided = atGcp.record(sku)
  expect(decided.written).toEqual({ [gcp]: (decided.vector[gcp] ?? 0) - 1 })
  edit(atGcp, document => {
    document.on_hand = 7
  })
  await atGcp.work()
  const record = atGcp.record(sku)
  expect(record.vector).toEqual({ [gcp]: (decided.vector[gcp] ?? 0) + 1 })
  expect(record).not.toHaveProperty('written')
  expect(wholeChange(sku, record, atGcp.here, startMs)).not.toHaveProperty('written')
})

it('of more than there is, the latest are rejected, the same ones everywhere, and nobody is told twice', async () => {
  request(atAws, 'a', 3)
  await settle(all)
  for (const [index, site] of all.entries()) request(site, `late-${index}`, 2)
  await settle(all)
  const accepted = all.map(site =>
    Object.entries(shown(site).reservations).flatMap(([id, { status }]) => (status === 'accepted' ? [id] : [])),
  )
  expect(accepted[0]).toHaveLength(2)
  expect(new Set(accepted.map(ids => ids.join())).size).toBe(1)
  expect(all.map(site => shown(site).available)).toEqual([0, 0, 0])
  const incidents = all.map(incidentsAt)
  const rejected = ['late-0', 'late-1', 'late-2'].filter(id => statusAt(atAws, id) === 'rejected')
  // The home tells, and the others leave it to it.
  expect(incidents[0]).toEqual([])
  expect(incidents[1]?.sort()).toEqual(rejected.map(id => ['stock_exceeded', id]))
  expect(incidents[2]).toEqual([])
})

describe('nothing that was shown is taken back', () => {
  beforeEach(async () => {
    request(atAws, 'a', 3)
    request(atAzure, 'b', 4)
    await settle(all)
  })

  it('restocking revives nothing that was rejected', async () => {
    edit(atAzure, document => {
      document.on_hand += 10
    })
    await settle(all)
    expect(new Set([...statuses('a'), ...statuses('b')])).toEqual(new Set(['accepted', 'rejected']))
    request(atAzure, 'c', 4)
    await settle(all)
    expect(statuses('c')).toEqual(['accepted', 'accepted', 'accepted'])
  })

  it('a correction below what is held revokes nothing; the available amount says so', async () => {
    const held = statusAt(atAws, 'a') === 'accepted' ? 3 : 4
    edit(atAws, document => {
      document.on_hand = 1
    })
    await settle(all)
    expect(all.map(site => shown(site).available)).toEqual([1 - held, 1 - held, 1 - held])
    expect(new Set([...statuses('a'), ...statuses('b')])).toEqual(new Set(['accepted', 'rejected']))
  })
})

describe('stock is taken away below what is held', () => {
  const stock = (onHand: number) =>
    edit(atAws, document => {
      document.on_hand = onHand
    })
  const told = () =>
    all.flatMap(site =>
      [...site.audit.entries.values()].flatMap(entry =>
        'kind' in entry && entry.kind === 'incident'
          ? [{ site: site.id, name: entry.name, subject: entry.subject, data: entry.data }]
          : [],
      ),
    )

  async function booked(shortage: 'keep' | 'revokeLatest'): Promise<void> {
    open('majority', shortage)
    atAws.write(sku, { on_hand: 6, reservations: {} })
    await settle(all)
    for (const id of ['first', 'second', 'third']) {
      request(atAws, id, 2)
      await settle(all)
    }
  }

  it('the home tells of it, once for each time that stock is taken away', async () => {
    await booked('keep')
    stock(3)
    await settle(all)
    expect(all.map(site => shown(site).available)).toEqual([-3, -3, -3])
    expect(told()).toMatchObject([{ site: gcp, name: 'stock_short', data: { available: -3 } }])
    edit(atAzure, document => {
      document.reservations.third = { qty: 2, status: 'accepted', note: 'a gift' }
    })
    await settle(all)
    expect(told()).toHaveLength(1)
    stock(2)
    await settle(all)
    expect(told().map(({ data }) => data)).toEqual([{ available: -3 }, { available: -4 }])
  })

  it('declared so, what was accepted last is given up, as far as nobody has confirmed it', async () => {
    await booked('revokeLatest')
    edit(atAws, document => {
      document.reservations.third = { qty: 2, status: 'confirming' }
    })
    await settle(all)
    stock(3)
    await settle(all)
    expect(statuses('third')).toEqual(['confirmed', 'confirmed', 'confirmed'])
    expect(statuses('second')).toEqual(['revoked', 'revoked', 'revoked'])
    expect(statuses('first')).toEqual(['revoked', 'revoked', 'revoked'])
    expect(all.map(site => shown(site).available)).toEqual([1, 1, 1])
    expect(told().filter(({ name }) => name === 'reservation_revoked')).toMatchObject([
      { site: gcp, subject: 'first' },
      { site: gcp, subject: 'second' },
    ])
    // A restock brings nothing of it back.
    stock(9)
    await settle(all)
    expect(statuses('first')).toEqual(['revoked', 'revoked', 'revoked'])
  })
})

describe('what belongs to Tributary is put right in the commit that captures the write', () => {
  beforeEach(async () => {
    request(atAws, 'a', 3)
    await settle(all)
  })

  it('a verdict that an application gives itself', async () => {
    request(atAzure, 'b', 4, { status: 'accepted' })
    await atAzure.work()
    expect(statusAt(atAzure, 'b')).toBe('requested')
    await settle(all)
    expect(statuses('b')).toEqual(['rejected', 'rejected', 'rejected'])
    say(atAws, 'b', 'accepted')
    await settle(all)
    expect(statuses('b')).toEqual(['rejected', 'rejected', 'rejected'])
    const undone = [...atAws.audit.entries.values()]
      .filter(isResolution)
      .flatMap(({ arbitrations }) => arbitrations)
      .filter(({ rule }) => rule === 'owned-by-tributary')
    expect(undone.map(({ path, lost }) => [path, lost?.map(({ value }) => value)])).toEqual([
      [['reservations', 'b', 'status'], ['accepted']],
    ])
  })

  it('a known id that is requested again shows its verdict again', async () => {
    say(atAzure, 'a', 'requested')
    await settle(all)
    expect(statuses('a')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(shown(atAws).available).toBe(2)
  })

  it('another quantity under a ruled id, and an available amount of the application’s own', async () => {
    edit(atAzure, document => {
      document.available = 99
      document.reservations.a = { qty: 1, status: 'accepted', note: 'mine' }
    })
    await settle(all)
    expect(all.map(shown)).toEqual(
      all.map(() => ({
        on_hand: 5,
        available: 2,
        reservations: { a: { qty: 3, status: 'accepted', note: 'mine' } },
      })),
    )
  })
})

describe('a reservation ends', () => {
  beforeEach(async () => {
    request(atAws, 'a', 3)
    await settle(all)
  })

  it.each([
    ['by a word', () => say(atAzure, 'a', 'cancelled'), 'cancelled'],
    [
      'by its removal',
      () =>
        edit(atAzure, document => {
          delete document.reservations.a
        }),
      undefined,
    ],
  ])('%s: what it held is free again', async (_, end, status) => {
    end()
    await settle(all)
    expect(statuses('a')).toEqual([status, status, status])
    expect(all.map(site => shown(site).available)).toEqual([5, 5, 5])
    request(atAws, 'b', 5)
    await settle(all)
    expect(statuses('b')).toEqual(['accepted', 'accepted', 'accepted'])
  })

  it('for good: a concurrent change of a removed one brings it back as cancelled, and holds nothing', async () => {
    edit(atAzure, document => {
      delete document.reservations.a
    })
    edit(atAws, document => {
      document.reservations.a = { qty: 3, status: 'accepted', note: 'changed meanwhile' }
    })
    await settle(all)
    expect(statuses('a')).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(all.map(site => shown(site).available)).toEqual([5, 5, 5])
  })

  it('and what is left of a removed one, without its quantity, keeps nobody from writing on', () => {
    const { record } = dataTypeOf(atAws.here, 'stock')
    const withEntry = (entry: Document) => ({ on_hand: 1, available: 1, reservations: { x: entry } })
    // As a merge may leave it: removed at one site, and changed at another one meanwhile.
    expect(record.misfit(withEntry({ note: 'changed meanwhile', status: 'cancelled' }))).toBeUndefined()
    for (const entry of [{ status: 'requested' }, { note: 'n' }, { qty: 0, status: 'cancelled' }, { qty: 'many' }]) {
      expect(record.misfit(withEntry(entry))).toMatchObject({ reason: 'a reservation needs a quantity above 0' })
    }
  })

  it('shipped: the application takes the stock away itself', async () => {
    edit(atAzure, document => {
      document.on_hand -= 3
      document.reservations.a = { qty: 3, status: 'done' }
    })
    await settle(all)
    expect(all.map(shown)).toEqual(
      all.map(() => ({ on_hand: 2, available: 2, reservations: { a: { qty: 3, status: 'done' } } })),
    )
  })

  it('only what was accepted can be confirmed or shipped', async () => {
    request(atAzure, 'b', 4)
    await settle(all)
    expect(statuses('b')).toEqual(['rejected', 'rejected', 'rejected'])
    for (const word of ['done', 'confirming']) {
      say(atAws, 'b', word)
      await settle(all)
      expect(statuses('b')).toEqual(['rejected', 'rejected', 'rejected'])
    }
  })
})

describe('expiry and confirmation race, and the home settles it', () => {
  const until = Math.floor(startMs / 1000) + 60
  const later = (seconds: number) => Promise.all(all.map(site => site.clock.sleep(seconds * 1000)))

  beforeEach(async () => {
    request(atAws, 'a', 3, { until })
    await settle(all)
  })

  it('what nobody confirms is given up when its time is over, and the next request gets it', async () => {
    await later(61)
    request(atAzure, 'b', 5)
    await settle(all)
    expect(statuses('a')).toEqual(['expired', 'expired', 'expired'])
    expect(statuses('b')).toEqual(['accepted', 'accepted', 'accepted'])
  })

  it('what is confirmed in time stays', async () => {
    say(atAws, 'a', 'confirming')
    await atAws.work()
    expect(statusAt(atAws, 'a')).toBe('confirming')
    await settle(all)
    expect(statuses('a')).toEqual(['confirmed', 'confirmed', 'confirmed'])
    await later(61)
    request(atAzure, 'b', 5)
    await settle(all)
    expect(statuses('b')).toEqual(['rejected', 'rejected', 'rejected'])
  })

  it('a confirmation that comes to the home after the expiry is too late, everywhere', async () => {
    await later(61)
    request(atGcp, 'b', 5)
    await atGcp.work()
    say(atAws, 'a', 'confirming')
    await settle(all)
    expect(statuses('a')).toEqual(['expired', 'expired', 'expired'])
    expect(statuses('b')).toEqual(['accepted', 'accepted', 'accepted'])
  })
})

it('a document in the place of a deleted one holds nothing of what that one held', async () => {
  request(atAws, 'a', 3)
  await settle(all)
  atAzure.write(sku, undefined)
  await settle(all)
  expect(all.map(site => site.document(sku))).toEqual([undefined, undefined, undefined])
  atAws.write(sku, { on_hand: 5, reservations: {} })
  await settle(all)
  expect(all.map(shown)).toEqual(all.map(() => ({ on_hand: 5, available: 5, reservations: {} })))
  request(atAzure, 'b', 5)
  await settle(all)
  expect(statuses('b')).toEqual(['accepted', 'accepted', 'accepted'])
})

it('a reservation may be called like something that every object has', async () => {
  request(atAws, 'constructor', 3)
  await settle(all)
  expect(statuses('constructor')).toEqual(['accepted', 'accepted', 'accepted'])
  edit(atAzure, document => {
    document.reservations = {}
  })
  await settle(all)
  expect(all.map(site => shown(site).available)).toEqual([5, 5, 5])
})

it('a reservation without a quantity is refused by name', async () => {
  atAws.write(sku, { on_hand: 5, reservations: { a: { status: 'requested' } } })
  expect(await atAws.capture(sku)).toBe('refused')
  expect([...atAws.deadLetters.letters.values()]).toMatchObject([{ field: 'reservations.a.qty' }])
})

describe('when the home is away', () => {
  it('another site that is told to takes its place: what was open is decided, and what was shown stays', async () => {
    request(atAws, 'a', 3)
    await settle(all)
    request(atAws, 'b', 1)
    request(atAzure, 'c', 4)
    const taking = { homes: { of: async () => ({ homes: [gcp], turn: 1 }) } }
    // Nothing reaches the home any more.
    await settle([atAws, atAzure])
    expect([statusAt(atAws, 'b'), statusAt(atAws, 'c')]).toEqual(['requested', 'requested'])
    expect(await takeOver(sku, { ...atAws.ports, ...taking })).toBe('claimed')
    expect(await takeOver(sku, { ...atAws.ports, ...taking })).toBe('unchanged')
    await settle([atAws, atAzure])
    expect([atAws, atAzure].map(site => statusAt(site, 'b'))).toEqual(['accepted', 'accepted'])
    expect([atAws, atAzure].map(site => statusAt(site, 'c'))).toEqual(['rejected', 'rejected'])
    // The old home comes back with a request of its own, and follows.
    request(atGcp, 'd', 1)
    await settle(all)
    expect(statuses('a')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(statuses('c')).toEqual(['rejected', 'rejected', 'rejected'])
    expect(statuses('d')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(all.map(site => shown(site).available)).toEqual([0, 0, 0])
  })

  it('whoever takes its place tells of a rejection that it does not know to be fixed', async () => {
    request(atGcp, 'a', 9)
    await atGcp.work()
    // The verdict comes to a second site, and no answer comes back.
    await forward(atGcp.texts.splice(0), {
      ...atGcp.ports,
      peerId: azure,
      peer: createMemoryPeer(gcp, atAzure.ports),
    })
    const taking = { homes: { of: async () => ({ homes: [gcp], turn: 1 }) } }
    await takeOver(sku, { ...atAzure.ports, ...taking })
    await settle([atAws, atAzure])
    expect([atAws, atAzure].map(site => statusAt(site, 'a'))).toEqual(['rejected', 'rejected'])
    expect(incidentsAt(atAzure)).toEqual([['stock_exceeded', 'a']])
    request(atAws, 'b', 1)
    await settle(all)
    expect(all.flatMap(incidentsAt)).toEqual([['stock_exceeded', 'a']])
  })

  it('its own verdicts show nowhere, also not there, before a second site has them', async () => {
    request(atGcp, 'a', 5)
    await atGcp.work()
    expect(statusAt(atGcp, 'a')).toBe('requested')
  })
})
