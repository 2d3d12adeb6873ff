/** A state machine moved at three sites, through the real flows: what is settled stays, what is illegal is told once. */
import { beforeEach, describe, expect, it } from 'vitest'
import { DeclarationInvalid, defineSync, eventLog, home, register } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { MemorySite, settle } from './memory-site.ts'

const sites = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
  'azure-eastus': { cloud: 'azure', region: 'eastus' },
} as const
const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

const orders = {
  initial: 'pending',
  transitions: {
    pending: ['approved', 'rejected', 'cancelled'],
    approved: ['shipped', 'cancelled'],
    rejected: [],
    shipped: ['delivered'],
    delivered: [],
    cancelled: [],
  },
}
const payments = {
  initial: 'new',
  transitions: {
    new: ['authorized'],
    authorized: ['captured', 'voided'],
    captured: ['refunded'],
    refunded: ['refunded'],
    voided: [],
  },
}

let all: readonly MemorySite[]
let atAws: MemorySite
let atGcp: MemorySite
let atAzure: MemorySite

beforeEach(() => {
  const plan = defineSync({
    sites,
    data: {
      orders: {
        key: ['order_id'],
        merge: eventLog(orders, { status: 'status', settled: 'settledStatus', decide: home({ at: gcp }) }),
      },
      tickets: {
        key: ['ticket_id'],
        merge: eventLog(orders, {
          entries: 'steps',
          status: 'status',
          settled: 'settledStatus',
          decide: home({ at: gcp }),
        }),
      },
      payments: {
        key: ['payment_id'],
        merge: eventLog(payments, { entries: 'events', status: 'status', decide: home({ at: gcp }) }),
      },
    },
  })
  atAws = new MemorySite(plan, aws, 'versioned')
  atGcp = new MemorySite(plan, gcp, 'versioned')
  atAzure = new MemorySite(plan, azure, 'versioned')
  all = [atAws, atGcp, atAzure]
})

/** As an application does it: reads the document, changes fields of it, writes it back. */
function edit(site: MemorySite, ref: { type: string; key: string[] }, change: Document): void {
  site.write(ref, { ...site.document(ref), ...change })
}

/** What was sent while a site was cut off never came there: the next change finds a gap, and all that is known follows. */
async function reconnected(ref: { type: string; key: string[] }): Promise<void> {
  edit(atAws, ref, { reconnected: true })
  await settle(all)
}

const incidents = (site: MemorySite) =>
  [...site.audit.entries.values()].flatMap(entry =>
    'kind' in entry && entry.kind === 'incident' ? [{ ...entry }] : [],
  )
const arbitrations = (site: MemorySite) =>
  [...site.audit.entries.values()].filter(isResolution).flatMap(entry => entry.arbitrations)

describe('orders: applications write a status and see it at once', () => {
  const order = { type: 'orders', key: ['o1'] }
  const say = (site: MemorySite, status: string) => edit(site, order, { status })
  const shown = (site: MemorySite) => {
    const { status, settledStatus } = site.document(order) ?? {}
    return [status, settledStatus]
  }

  beforeEach(async () => {
    atAws.write(order, { customer: 'ann' })
    await settle(all)
  })

  it('a new one has the initial status, which no site had to write', () => {
    const expected = { customer: 'ann', status: 'pending', settledStatus: 'pending' }
    expect(all.map(site => site.document(order))).toEqual([expected, expected, expected])
  })

  it('a status shows where it was written at once, and is settled when most sites have the word of the home', async () => {
    say(atAws, 'approved')
    await atAws.work()
    expect(shown(atAws)).toEqual(['approved', 'pending'])
    await settle([atAws, atGcp])
    expect(shown(atAws)).toEqual(['approved', 'approved'])
    expect(shown(atAzure)).toEqual(['pending', 'pending'])
    await reconnected(order)
    expect(shown(atAzure)).toEqual(['approved', 'approved'])
    expect(all.flatMap(incidents)).toEqual([])
  })

  it('of two statuses at once one stays, the same everywhere; the other is told once, by the home, for review', async () => {
    say(atAws, 'approved')
    say(atAzure, 'rejected')
    await settle(all)
    const [status] = shown(atAws)
    expect(all.map(shown)).toEqual([
      [status, status],
      [status, status],
      [status, status],
    ])
    const lost = status === 'approved' ? 'rejected' : 'approved'
    expect(all.map(site => incidents(site).length)).toEqual([0, 1, 0])
    expect(incidents(atGcp)).toMatchObject([
      {
        name: 'illegal-transition',
        review: true,
        data: { from: status, to: lost, at: lost === 'approved' ? aws : azure },
      },
    ])
    // Wherever the two met first the audit has both.
    const replayed = all.flatMap(arbitrations).filter(({ rule }) => rule === 'event-replay')
    expect(replayed[0]).toMatchObject({ path: ['status'], kept: { value: status }, lost: [{ value: lost }] })
  })

  it('a cut-off home settles nothing; a status that was shown may flip, what is settled does not', async () => {
    await atAzure.clock.sleep(50)
    say(atAzure, 'rejected')
    await atAzure.work()
    expect(shown(atAzure)).toEqual(['rejected', 'pending'])
    // Earlier by the clock, and it comes later.
    say(atAws, 'approved')
    await settle([atAws, atAzure])
    expect(shown(atAzure)).toEqual(['approved', 'pending'])
    expect(shown(atAws)).toEqual(['approved', 'pending'])
    await reconnected(order)
    expect(new Set(all.map(site => shown(site).join()))).toEqual(new Set(['approved,approved']))
  })

  it('what has been settled stays, however early an event is by its stamp that comes late', async () => {
    say(atAws, 'approved')
    await atAzure.clock.sleep(50)
    say(atAzure, 'cancelled')
    await settle([atAzure, atGcp])
    expect(shown(atAzure)).toEqual(['cancelled', 'cancelled'])
    await settle(all)
    expect(new Set(all.map(site => shown(site).join()))).toEqual(new Set(['cancelled,cancelled']))
    expect(incidents(atGcp)).toMatchObject([{ data: { from: 'cancelled', to: 'approved', at: aws } }])
  })

  it('the same status at two sites at once is one step and no mistake', async () => {
    say(atAws, 'approved')
    say(atAzure, 'approved')
    await settle(all)
    say(atAzure, 'shipped')
    await settle(all)
    expect(all.map(shown)).toEqual(all.map(() => ['shipped', 'shipped']))
    expect(all.flatMap(incidents)).toEqual([])
  })

  it.each([
    ['that the machine forbids', 'delivered'],
    ['that nobody knows', 'lost'],
  ])('a status %s is set back in the commit that captures it, and told once it is ruled', async (_, wrong) => {
    say(atAws, wrong)
    await atAws.work()
    expect(shown(atAws)).toEqual(['pending', 'pending'])
    expect(all.flatMap(incidents)).toEqual([])
    await settle(all)
    expect(all.map(shown)).toEqual(all.map(() => ['pending', 'pending']))
    expect(all.flatMap(incidents).map(({ data }) => data.to)).toEqual([wrong])
    expect(all.flatMap(arbitrations)).toEqual([])
    say(atAzure, 'approved')
    await settle(all)
    expect(all.map(shown)).toEqual(all.map(() => ['approved', 'approved']))
    expect(all.flatMap(incidents)).toHaveLength(1)
  })

  it('a settled status that an application writes itself, or takes away, is put right, and the audit has it', async () => {
    edit(atAzure, order, { settledStatus: 'delivered' })
    await settle(all)
    edit(atAws, order, { customer: 'bob' })
    await settle(all)
    const { settledStatus: _, ...without } = atAws.document(order) ?? {}
    atAws.write(order, without)
    await settle(all)
    const expected = { customer: 'bob', status: 'pending', settledStatus: 'pending' }
    expect(all.map(site => site.document(order))).toEqual([expected, expected, expected])
    expect(arbitrations(atAzure)).toMatchObject([
      { path: ['settledStatus'], rule: 'owned-by-tributary', lost: [{ value: 'delivered' }] },
    ])
    expect(arbitrations(atAws)).toMatchObject([{ path: ['settledStatus'], lost: [{ value: null }] }])
  })

  it('other fields merge as ever beside a status that is written at the same time', async () => {
    edit(atAws, order, { address: 'Elm St 1' })
    edit(atAzure, order, { status: 'approved', gift: true })
    await settle(all)
    const expected = { customer: 'ann', address: 'Elm St 1', gift: true, status: 'approved', settledStatus: 'approved' }
    expect(all.map(site => site.document(order))).toEqual([expected, expected, expected])
  })

  it('conflicts beside the log are audited where the application finds them', async () => {
    edit(atAws, order, { customer: 'bob' })
    edit(atAzure, order, { customer: 'eve' })
    await settle(all)
    expect(all.flatMap(arbitrations).map(({ path }) => path.join('.'))).toContain('customer')
  })

  it('one that was deleted and is made anew goes on where its log stands', async () => {
    say(atAws, 'approved')
    await settle(all)
    atAzure.write(order, undefined)
    await settle(all)
    expect(all.map(site => site.document(order))).toEqual([undefined, undefined, undefined])
    atAws.write(order, { customer: 'eve' })
    await settle(all)
    expect(all.map(shown)).toEqual(all.map(() => ['approved', 'approved']))
  })

  it('a change of status brings back an order that another site deletes meanwhile', async () => {
    say(atAws, 'approved')
    atAzure.write(order, undefined)
    await settle(all)
    expect(all.map(site => site.document(order)?.customer)).toEqual(['ann', 'ann', 'ann'])
    expect(all.map(shown)).toEqual(all.map(() => ['approved', 'approved']))
  })

  it('a status that is no text is refused by name', async () => {
    edit(atAws, order, { status: 7 })
    expect(await atAws.capture(order)).toBe('refused')
    expect([...atAws.deadLetters.letters.values()]).toMatchObject([{ field: 'status', reason: 'a status is a text' }])
  })
})

describe('payments: applications add entries, and the home accepts them in its order', () => {
  const payment = { type: 'payments', key: ['p1'] }
  const entriesAt = (site: MemorySite) => (site.document(payment)?.events ?? {}) as Record<string, Document>
  const add = (site: MemorySite, id: string, entry: Document) =>
    edit(site, payment, { events: { ...entriesAt(site), [id]: entry } })
  const request = (site: MemorySite, id: string, to: string, more: Document = {}) =>
    add(site, id, { to, status: 'requested', ...more })
  const verdicts = (site: MemorySite) =>
    Object.fromEntries(Object.entries(entriesAt(site)).map(([id, entry]) => [id, entry.status]))
  const statusAt = (site: MemorySite) => site.document(payment)?.status

  beforeEach(async () => {
    atAws.write(payment, { amount: 40, events: { a: { to: 'authorized', status: 'requested' } } })
    await settle(all)
  })

  it('an accepted entry moves the status, everywhere', () => {
    const expected = { amount: 40, status: 'authorized', events: { a: { to: 'authorized', status: 'accepted' } } }
    expect(all.map(site => site.document(payment))).toEqual([expected, expected, expected])
  })

  it('an entry moves nothing before most sites have its verdict', async () => {
    request(atAws, 'c', 'captured')
    await atAws.work()
    expect([statusAt(atAws), verdicts(atAws)]).toEqual(['authorized', { a: 'accepted', c: 'requested' }])
    await settle([atAws, atAzure])
    expect([statusAt(atAzure), verdicts(atAzure)]).toEqual(['authorized', { a: 'accepted', c: 'requested' }])
    await reconnected(payment)
    expect(all.map(statusAt)).toEqual(['captured', 'captured', 'captured'])
  })

  it('of two captures at two sites at once one is accepted, the same everywhere, the other rejected and told once', async () => {
    request(atAws, 'c1', 'captured', { by: 'till 1' })
    request(atAzure, 'c2', 'captured', { by: 'till 2' })
    await settle(all)
    const [first] = all.map(verdicts)
    expect(Object.values(first ?? {}).sort()).toEqual(['accepted', 'accepted', 'rejected'])
    expect(all.map(verdicts)).toEqual([first, first, first])
    expect(all.map(statusAt)).toEqual(['captured', 'captured', 'captured'])
    const rejected = first?.c1 === 'rejected' ? ['c1', 'till 1'] : ['c2', 'till 2']
    expect(all.map(site => incidents(site).length)).toEqual([0, 1, 0])
    expect(incidents(atGcp)).toMatchObject([
      { name: 'illegal-transition', review: true, data: { entry: rejected[0], content: { by: rejected[1] } } },
    ])
  })

  it('a capture and a void: never both', async () => {
    request(atAws, 'c', 'captured')
    request(atAzure, 'v', 'voided')
    await settle(all)
    expect(new Set(all.map(site => JSON.stringify(verdicts(site)))).size).toBe(1)
    expect(all.map(statusAt)).toEqual(
      verdicts(atAws).c === 'accepted' ? Array(3).fill('captured') : Array(3).fill('voided'),
    )
  })

  it('a step that the machine lists for its own status may be taken again and again', async () => {
    for (const id of ['c:captured', 'r1:refunded', 'r2:refunded']) {
      const [name = '', to = ''] = id.split(':')
      request(atAzure, name, to)
      await settle(all)
    }
    expect(verdicts(atAws)).toEqual({ a: 'accepted', c: 'accepted', r1: 'accepted', r2: 'accepted' })
  })

  it('entries of one write are taken in an order that the machine allows', async () => {
    edit(atAzure, payment, {
      events: {
        ...entriesAt(atAzure),
        a2: { to: 'refunded', status: 'requested' },
        z1: { to: 'captured', status: 'requested' },
      },
    })
    await settle(all)
    expect(verdicts(atGcp)).toEqual({ a: 'accepted', a2: 'accepted', z1: 'accepted' })
    expect(all.map(statusAt)).toEqual(['refunded', 'refunded', 'refunded'])
  })

  it('an entry is never changed and never removed; the audit has what was tried', async () => {
    request(atAws, 'c', 'captured', { amount: 40 })
    await settle(all)
    const before = atAws.document(payment)
    add(atAzure, 'c', { to: 'voided', status: 'accepted', amount: 4 })
    await settle(all)
    const { a: _, ...rest } = entriesAt(atAws)
    edit(atAws, payment, { events: rest, status: 'refunded' })
    await settle(all)
    expect(all.map(site => site.document(payment))).toEqual([before, before, before])
    const undone = (site: MemorySite) => arbitrations(site).map(({ path, rule }) => `${path.join('.')}: ${rule}`)
    expect(undone(atAzure).sort()).toEqual(['events.c.amount: owned-by-tributary', 'events.c.to: owned-by-tributary'])
    expect(undone(atAws).sort()).toEqual(['events.a: owned-by-tributary', 'status: owned-by-tributary'])
  })

  it('an entry that says it was accepted is a request all the same', async () => {
    add(atAzure, 'r', { to: 'refunded', status: 'accepted' })
    await atAzure.work()
    expect(verdicts(atAzure).r).toBe('requested')
    await settle(all)
    expect(all.map(site => verdicts(site).r)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(arbitrations(atAzure)).toMatchObject([{ path: ['events', 'r'], rule: 'owned-by-tributary' }])
  })

  it('the same entry from two sites is one; another content under its id is told, and the first stays', async () => {
    request(atAws, 'c', 'captured', { amount: 40 })
    request(atAzure, 'c', 'captured', { amount: 40 })
    await settle(all)
    expect(verdicts(atGcp)).toEqual({ a: 'accepted', c: 'accepted' })
    expect(all.flatMap(incidents)).toEqual([])
    request(atAws, 'r', 'refunded', { amount: 10 })
    request(atAzure, 'r', 'refunded', { amount: 30 })
    await settle(all)
    expect(new Set(all.map(site => JSON.stringify(entriesAt(site)))).size).toBe(1)
    const kept = entriesAt(atGcp).r?.amount === 10 ? 10 : 30
    expect(incidents(atGcp)).toMatchObject([
      {
        name: 'other-content',
        review: true,
        data: { entry: 'r', content: { amount: 40 - kept }, kept: { content: { amount: kept } } },
      },
    ])
  })

  it('an entry that leads nowhere is refused by name', async () => {
    add(atAws, 'x', { status: 'requested' })
    expect(await atAws.capture(payment)).toBe('refused')
    expect([...atAws.deadLetters.letters.values()]).toMatchObject([{ field: 'events.x.to' }])
  })
})

it('with entries and a settled status, two steps of one write both count, and show before they are settled', async () => {
  const ticket = { type: 'tickets', key: ['t1'] }
  atGcp.write(ticket, { steps: {} })
  await settle(all)
  const steps = { s1: { to: 'shipped', status: 'requested' }, s2: { to: 'approved', status: 'requested' } }
  edit(atAws, ticket, { steps })
  await atAws.work()
  expect(atAws.document(ticket)).toEqual({ status: 'shipped', settledStatus: 'pending', steps })
  await settle(all)
  const accepted = {
    s1: { to: 'shipped', status: 'accepted' },
    s2: { to: 'approved', status: 'accepted' },
  }
  const expected = { status: 'shipped', settledStatus: 'shipped', steps: accepted }
  expect(all.map(site => site.document(ticket))).toEqual([expected, expected, expected])
})

describe('what was ruled illegal is made up for, where it is declared', () => {
  const returns = {
    initial: 'paid',
    transitions: { paid: ['shipped', 'refunded'], shipped: ['returned'], refunded: ['returned'], returned: [] },
  }
  const order = { type: 'orders', key: ['o1'] }

  function open(entries: { readonly entries?: string }): void {
    const compensate = { shipped: 'returned' }
    const merge = eventLog(returns, {
      status: 'status',
      settled: 'settledStatus',
      compensate,
      ...entries,
      decide: home({ at: gcp }),
    })
    const plan = defineSync({ sites, data: { orders: { key: ['order_id'], merge } } })
    atAws = new MemorySite(plan, aws, 'versioned')
    atGcp = new MemorySite(plan, gcp, 'versioned')
    atAzure = new MemorySite(plan, azure, 'versioned')
    all = [atAws, atGcp, atAzure]
  }

  it('by one event of the home, whose id is made of the rejected one’s', async () => {
    open({ entries: 'steps' })
    atAws.write(order, { customer: 'ann', steps: {} })
    await settle(all)
    // Refunded at one site, shipped at another: whichever comes second is illegal.
    edit(atGcp, order, { steps: { refund: { to: 'refunded' } } })
    await atGcp.work()
    edit(atAzure, order, { steps: { ship: { to: 'shipped' } } })
    await settle(all)
    const compensation = { to: 'returned', status: 'accepted', compensates: 'ship' }
    for (const site of all) {
      expect(site.document(order)).toMatchObject({
        status: 'returned',
        settledStatus: 'returned',
        steps: { ship: { status: 'rejected' }, refund: { status: 'accepted' }, 'compensation:ship': compensation },
      })
    }
    edit(atAws, order, { customer: 'eve' })
    await settle(all)
    expect(Object.keys(atAws.document(order)?.steps ?? {})).toHaveLength(3)
    expect(all.flatMap(incidents).map(({ name }) => name)).toEqual(['illegal-transition'])
  })

  it('also where applications write a status alone', async () => {
    open({})
    atAws.write(order, { customer: 'ann' })
    await settle(all)
    edit(atGcp, order, { status: 'refunded' })
    await atGcp.work()
    edit(atAzure, order, { status: 'shipped' })
    await settle(all)
    const shown = { customer: 'ann', status: 'returned', settledStatus: 'returned' }
    expect(all.map(site => site.document(order))).toEqual([shown, shown, shown])
  })
})

describe('a declaration that cannot work says so', () => {
  const faultsOf = (merge: unknown, more: object = {}): readonly string[] => {
    try {
      defineSync({ sites, data: { orders: { key: ['id'], merge, ...more } as never } })
    } catch (error) {
      if (error instanceof DeclarationInvalid) return error.faults
      throw error
    }
    return []
  }
  const options = { status: 'status', settled: 'settledStatus' }
  const known = 'a status with a line of its own in transitions: open, closed'

  it.each([
    [
      'a target that is misspelt',
      eventLog({ initial: 'open', transitions: { open: ['close'], closed: [] } }, options),
      {},
      [`data.orders.merge.machine.transitions.open.0: found "close"; allowed: ${known}`],
    ],
    [
      'an unknown initial status',
      eventLog({ initial: 'new', transitions: { open: ['closed'], closed: [] } }, options),
      {},
      [`data.orders.merge.machine.initial: found "new"; allowed: ${known}`],
    ],
    [
      'a status alone that is to be strict',
      eventLog(orders, { status: 'status' }),
      {},
      [
        `data.orders.merge.entries: found nothing; allowed: a field with the events, as a status field alone does not tell all of them, and Firestore's events (${gcp}) come in any order; or settled, for a status that may be set back`,
      ],
    ],
    [
      'one field for two',
      eventLog(orders, { status: 'status', settled: 'status' }),
      {},
      ['different fields for status, settled and entries'],
    ],
    [
      'a compensation that leads nowhere',
      eventLog(orders, { ...options, compensate: { shipped: 'sent' } }),
      {},
      ['data.orders.merge.compensate.shipped: found "sent"; allowed: a status with a line of its own in transitions'],
    ],
    [
      'a home that holds nothing',
      eventLog(orders, { ...options, decide: home({ at: 'mars' }) }),
      {},
      [`data.orders.merge.decide.at: found 'mars'; allowed: hash, ${aws}, ${gcp}, ${azure}`],
    ],
    ['a key that moves', eventLog(orders, { ...options, status: 'id' }), {}, ['a key never changes']],
    [
      'what was there before',
      eventLog(orders, options),
      { adopt: true },
      ['data.orders.adopt: an event log begins empty'],
    ],
    ['an expiry in the status', eventLog(orders, options), { expires: 'status' }, ['a field of the eventLog']],
    [
      'a log inside a document',
      { kind: 'fields', fields: { log: eventLog(orders, options) } },
      {},
      ['merge.fields.log'],
    ],
  ])('%s', (_, merge, more, starts) => {
    const faults = faultsOf(merge, more)
    expect(faults).toHaveLength(starts.length)
    starts.forEach((start, index) => {
      expect(faults[index]).toContain(start)
    })
  })

  it('and one that can work is taken', () => {
    expect(faultsOf(register())).toEqual([])
    expect(faultsOf(eventLog(orders, options))).toEqual([])
    const named = { field: 'log', to: 'next', words: { yes: 'ok' } }
    expect(faultsOf(eventLog(payments, { entries: named, status: 'status' }))).toEqual([])
    expect(faultsOf(eventLog(payments, { ...options, entries: 'log' }))).toEqual([])
  })
})
