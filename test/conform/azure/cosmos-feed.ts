/** The change feed of Cosmos, in both modes: capture and publish are triggered by it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ChangeFeedMode, ChangeFeedStartFrom, type Container, type OperationInput } from '@azure/cosmos'
import { type Behaviour, NotAsked } from '../behaviour.ts'
import { equal, eventually, holds, numbers } from '../expectations.ts'
import { beginningOf, type Cart, type CosmosTarget, drain, fromBeginning, itemOf, newCart } from './cosmos-container.ts'

interface Version {
  readonly current?: Partial<Cart>
  readonly previous?: Partial<Cart>
  readonly metadata: {
    readonly operationType: string
    readonly lsn: number
    readonly previousImageLSN?: number
    readonly timeToLiveExpired?: boolean
    readonly id?: string
  }
}

const changeFeedMode = ChangeFeedMode.AllVersionsAndDeletes
/** A batch holds 100. */
const batches = 6
const versionsMsMax = 20_000

export const cosmosFeed: readonly Behaviour<CosmosTarget>[] = [
  {
    name: '600 items read in pages of 50, through one iterator and through continuations',
    expected: 'all come both ways; the feed does not stop between pages, and says 304 at its end',
    why: 'two emulators silently stop after the first page: capture would hear of no more',
    async run({ newContainer }) {
      const container = await newContainer()
      for (const batch of numbers(batches))
        await createTogether(container, `customer-${batch}`, numbers(100).map(String))
      const options = { ...fromBeginning, maxItemCount: 50 }
      equal((await drain(container, options)).changes.length, batches * 100, 'changes by one iterator')
      const seen = new Set<string>()
      let changeFeedStartFrom = ChangeFeedStartFrom.Beginning()
      for (let quiet = 0; quiet < 2; ) {
        const page = await container.items
          .getChangeFeedIterator<Cart>({ changeFeedStartFrom, maxItemCount: 50 })
          .readNext()
        for (const { id, customer } of page.result ?? []) seen.add(`${customer} ${id}`)
        quiet = page.statusCode === 304 ? quiet + 1 : 0
        changeFeedStartFrom = ChangeFeedStartFrom.Continuation(page.continuationToken)
      }
      equal(seen.size, batches * 100, 'changes by continuations')
    },
  },
  {
    name: 'latest versions of three items, one changed, one deleted',
    expected: 'each that is there once, at its last change, in this order; no delete',
    why: 'a hint for every key, not a history',
    async run({ container }) {
      const cart = newCart()
      await createTogether(container, cart.customer, ['1', '2', '3'])
      await itemOf(container, cart).replace({ ...cart, total: 2 })
      await container.item('2', cart.customer).delete()
      const { changes } = await drain(container, beginningOf(cart.customer))
      equal(
        changes.map(({ id, total }) => [id, total]),
        [
          ['3', 1],
          ['1', 2],
        ],
        'changes',
      )
    },
  },
  {
    name: 'a feed from now on, and one that goes on after 304',
    expected: 'only what is written later, each change once',
    why: 'a trigger begins at its first start and goes on from its lease',
    async run({ container }) {
      const cart = newCart()
      await container.items.create(cart)
      const iterator = container.items.getChangeFeedIterator<Cart>({
        changeFeedStartFrom: ChangeFeedStartFrom.Now(cart.customer),
      })
      equal((await iterator.readNext()).statusCode, 304, 'status at first')
      for (const id of ['2', '3']) {
        await container.items.create({ ...cart, id })
        await eventually(async () => {
          const page = await iterator.readNext()
          equal(
            page.result?.map(change => change.id),
            [id],
            'changes',
          )
        }, versionsMsMax)
      }
    },
  },
  {
    name: 'a feed by ranges',
    expected: 'each change is in exactly one range',
    why: 'instances of a trigger share the feed',
    async run({ newContainer }) {
      const container = await newContainer()
      await Promise.all(numbers(20).map(() => container.items.create(newCart())))
      const ranges = await container.getFeedRanges()
      const parts = await Promise.all(
        ranges.map(range => drain(container, { changeFeedStartFrom: ChangeFeedStartFrom.Beginning(range) })),
      )
      const customers = parts.flatMap(({ changes }) => changes.map(({ customer }) => customer))
      equal([customers.length, new Set(customers).size], [20, 20], 'changes and different ones')
    },
  },
  {
    name: 'the changes of one batch, read in pages of one',
    expected: 'come in one page with one _lsn',
    why: 'record and document of one commit are heard of together',
    async run({ container }) {
      const { customer } = newCart()
      await container.items.create(newCart({ id: 'alone', customer }))
      await createTogether(container, customer, ['1', '2', '3'])
      const { pages } = await drain(container, { ...beginningOf(customer), maxItemCount: 1 })
      const together = pages.find(page => page.some(({ id }) => id === '1'))
      equal(
        together?.map(({ id }) => id),
        ['1', '2', '3'],
        'the page',
      )
      equal(new Set(together?.map(({ _lsn }) => _lsn)).size, 1, 'different _lsn')
    },
  },
  {
    name: 'all versions: create, replace, patch, delete of one item',
    expected: 'four changes in order, with the image before, the delete with id and partition key',
    why: 'deletes are heard of, and images that follow each other are evidence of every version',
    async run({ container }) {
      const cart = newCart()
      const start = await allVersions(container)
      await container.items.create(cart)
      await itemOf(container, cart).replace({ ...cart, total: 2 })
      await itemOf(container, cart).patch([{ op: 'incr', path: '/total', value: 1 }])
      await itemOf(container, cart).delete()
      const changes = await versionsAfter(container, start, cart, 4)
      equal(
        changes.map(({ metadata, current, previous }) => [metadata.operationType, current?.total, previous?.total]),
        [
          ['create', 1, undefined],
          ['replace', 2, 1],
          ['replace', 3, 2],
          ['delete', undefined, 3],
        ],
        'changes',
      )
      const lsns = changes.map(({ metadata }) => metadata.lsn)
      equal(
        lsns,
        lsns.toSorted((a, b) => a - b),
        'order of lsn',
      )
      equal(changes.at(-1)?.metadata.timeToLiveExpired ?? false, false, 'timeToLiveExpired of a delete')
    },
  },
  {
    name: 'all versions: an item whose time to live is over',
    expected: 'a delete with timeToLiveExpired true',
    why: "expiry is not a user's delete and never travels as one",
    async run({ newContainer }) {
      const container = await newContainer({ defaultTtl: -1 })
      const start = await allVersions(container)
      const cart = newCart({ ttl: 1 })
      await container.items.create(cart)
      await sleep(2_100)
      equal((await itemOf(container, cart).read()).statusCode, 404, 'status when expired')
      const [, expiry] = await versionsAfter(container, start, cart, 2)
      equal([expiry?.metadata.operationType, expiry?.metadata.timeToLiveExpired], ['delete', true], 'the last change')
    },
  },
]

async function createTogether(container: Container, customer: string, ids: readonly string[]): Promise<void> {
  const operations: OperationInput[] = ids.map(id => ({
    operationType: 'Create',
    resourceBody: newCart({ id, customer }),
  }))
  const { code } = await container.items.batch(operations, customer)
  equal(code, 200, 'status of the batch')
}

/** Where the feed of all versions is now. Not every account has it: it needs continuous backups. */
async function allVersions(container: Container): Promise<string> {
  try {
    return (await drain<Version>(container, { changeFeedMode })).continuation
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 400)) throw error
    throw new NotAsked(`the account does not serve all versions and deletes: ${error.message}`)
  }
}

async function versionsAfter(
  container: Container,
  start: string,
  cart: Cart,
  count: number,
): Promise<readonly Version[]> {
  const changeFeedStartFrom = ChangeFeedStartFrom.Continuation(start)
  return eventually(async () => {
    const { changes } = await drain<Version>(container, { changeFeedMode, changeFeedStartFrom })
    const own = changes.filter(({ current, previous }) => (current?.customer ?? previous?.customer) === cart.customer)
    holds(own.length >= count, `${own.length} changes instead of ${count}`)
    return own
  }, versionsMsMax)
}
