/** Items and batches of Cosmos: what is refused, what is atomic, what is kept. */
import { type Container, type OperationInput, PatchOperationType } from '@azure/cosmos'
import type { Behaviour } from '../behaviour.ts'
import { equal, holds, numbers, refused } from '../expectations.ts'
import { type Cart, type CosmosTarget, ifMatch, itemOf, newCart } from './cosmos-container.ts'

const itemBytesMax = 2 * 1024 * 1024
const increment = [{ op: PatchOperationType.incr, path: '/total', value: 1 }]

async function statuses(container: Container, operations: OperationInput[], customer: string) {
  const { result } = await container.items.batch(operations, customer)
  return result?.map(({ statusCode }) => statusCode)
}

export const cosmosItems: readonly Behaviour<CosmosTarget>[] = [
  {
    name: "replace, upsert, patch and delete with an etag that is no longer the item's",
    expected: 'refused with 412, nothing changes; accepted with the present one',
    why: 'ingest writes only over the version that it read (P4)',
    async run({ container }) {
      const cart = newCart()
      const stale = ifMatch((await container.items.create(cart)).etag)
      const item = itemOf(container, cart)
      const present = ifMatch((await item.replace({ ...cart, total: 2 })).etag)
      await refused(item.replace({ ...cart, total: 3 }, stale), 412)
      await refused(container.items.upsert({ ...cart, total: 3 }, stale), 412)
      await refused(item.patch(increment, stale), 412)
      await refused(item.delete(stale), 412)
      equal((await item.read<Cart>()).resource?.total, 2, 'total')
      await item.delete(present)
      equal((await item.read()).statusCode, 404, 'status after the delete')
    },
  },
  {
    name: 'create of what exists, replace, patch and delete of what does not',
    expected: '409, 404; a missing item stays missing',
    why: 'absence is a revision like any other',
    async run({ container }) {
      const [there, missing] = [newCart(), newCart()]
      await container.items.create(there)
      await refused(container.items.create({ ...there, total: 2 }), 409)
      const item = itemOf(container, missing)
      await refused(item.replace(missing), 404)
      await refused(item.patch(increment), 404)
      await refused(item.delete(), 404)
      equal((await itemOf(container, there).read<Cart>()).resource?.total, 1, 'total')
    },
  },
  {
    name: 'a replace that changes nothing',
    expected: 'gives a new etag all the same',
    why: 'two commits are never taken for one',
    async run({ container }) {
      const cart = newCart()
      const { etag } = await container.items.create(cart)
      holds((await itemOf(container, cart).replace(cart)).etag !== etag, 'the same etag')
    },
  },
  {
    name: 'ten increments at once, each guarded by the etag it read and tried again',
    expected: 'the sum is 10',
    why: 'of two commits on one record one starts over',
    async run({ container }) {
      const cart = newCart({ total: 0 })
      await container.items.create(cart)
      const item = itemOf(container, cart)
      const add = async (): Promise<void> => {
        for (;;) {
          const { resource, etag } = await item.read<Cart>()
          try {
            await item.replace({ ...cart, total: (resource?.total ?? 0) + 1 }, ifMatch(etag))
            return
          } catch (error) {
            if (!(error instanceof Error && 'code' in error && error.code === 412)) throw error
          }
        }
      }
      await Promise.all(numbers(10).map(add))
      equal((await item.read<Cart>()).resource?.total, 10, 'the sum')
    },
  },
  {
    name: '20 patch increments at once, one with a condition that does not hold',
    expected: 'the sum is 20; the other is refused with 412',
    why: 'an atomic increment is the remedy that writers are told of',
    async run({ container }) {
      const cart = newCart({ total: 0 })
      await container.items.create(cart)
      const item = itemOf(container, cart)
      await Promise.all(numbers(20).map(() => item.patch(increment)))
      await refused(item.patch({ condition: 'from c where c.total = 0', operations: increment }), 412)
      equal((await item.read<Cart>()).resource?.total, 20, 'the sum')
    },
  },
  {
    name: 'batch whose second operation has an old etag',
    expected: '424, 412, 424: nothing of it is written',
    why: 'record and document are committed together; who lost is told by position (P6)',
    async run({ container }) {
      const cart = newCart()
      const stale = (await container.items.create(cart)).etag
      await itemOf(container, cart).replace({ ...cart, total: 2 })
      const record = { ...cart, id: 'record' }
      const found = await statuses(
        container,
        [
          { operationType: 'Create', resourceBody: record },
          { operationType: 'Replace', id: cart.id, resourceBody: { ...cart, total: 3 }, ifMatch: stale },
          { operationType: 'Delete', id: cart.id },
        ],
        cart.customer,
      )
      equal(found, [424, 412, 424], 'statuses')
      equal((await itemOf(container, record).read()).statusCode, 404, 'status of the record')
      equal((await itemOf(container, cart).read<Cart>()).resource?.total, 2, 'total')
    },
  },
  {
    name: 'batch that holds, then again with the same etag',
    expected: 'everything is written once; then 412 and 424',
    why: 'a commit whose answer was lost is tried again and must not count twice',
    async run({ container }) {
      const cart = newCart()
      const { etag } = await container.items.create(cart)
      const commit = () =>
        statuses(
          container,
          [
            { operationType: 'Replace', id: cart.id, resourceBody: { ...cart, total: 2 }, ifMatch: etag },
            { operationType: 'Create', resourceBody: { ...cart, id: 'record' } },
          ],
          cart.customer,
        )
      equal(await commit(), [200, 201], 'statuses')
      equal(await commit(), [412, 424], 'statuses of the second')
    },
  },
  {
    name: 'batch with an item of another partition',
    expected: '424, 400: nothing of it is written',
    why: 'a batch is one logical partition',
    async run({ container }) {
      const [here, elsewhere] = [newCart(), newCart({ id: '2' })]
      const operations: OperationInput[] = [here, elsewhere].map(resourceBody => ({
        operationType: 'Create',
        resourceBody,
      }))
      equal(await statuses(container, operations, here.customer), [424, 400], 'statuses')
      equal((await itemOf(container, here).read()).statusCode, 404, 'status of the first')
    },
  },
  {
    name: 'ids of 1,023 bytes, with spaces, %, +, quotes, emoji; ids with / \\ # ? and of 1,024 bytes',
    expected: 'the first are kept, the others refused',
    why: "a record's key becomes the item's id, escaped where it must be",
    async run({ container }) {
      const { customer } = newCart()
      for (const id of ['x'.repeat(1023), 'a b', '100%25+&=', `"'`, '🛒ü', '__id', 'a.b']) {
        await container.items.create(newCart({ id, customer }))
        equal((await container.item(id, customer).read<Cart>()).resource?.id, id, 'id')
      }
      for (const id of ['a/b', 'a\\b', 'a#b', 'a?b', 'x'.repeat(1024)]) {
        // Some of them the client refuses by itself, without a code.
        const answer = await container.items.create(newCart({ id, customer })).catch(() => undefined)
        equal(answer?.statusCode, undefined, `status of id ${id.slice(0, 10)}`)
      }
    },
  },
  {
    name: 'the same id in two partitions; an item without the partition property; one with null',
    expected: 'four different items, each found under its own partition key',
    why: 'a record is found by id and partition, whatever the application left out',
    async run({ newContainer }) {
      const container = await newContainer()
      const parts = [{ customer: 'ada' }, { customer: 'bob' }, {}, { customer: null }]
      for (const part of parts) await container.items.create({ id: '1', ...part })
      const found = await Promise.all(['ada', 'bob', undefined, null].map(key => container.item('1', key).read<Cart>()))
      equal(
        found.map(({ resource }) => (resource && 'customer' in resource ? resource.customer : 'none')),
        ['ada', 'bob', 'none', null],
        'customers',
      )
    },
  },
  {
    name: 'partition keys of 2,048 bytes, and of 2,049',
    expected: 'the first are kept, the others refused',
    why: 'a key that a site cannot hold is refused by name before it travels',
    async run({ container }) {
      const longest = newCart({ customer: newCart().customer.padEnd(2048, 'x') })
      await container.items.create(longest)
      equal((await itemOf(container, longest).read<Cart>()).resource?.total, 1, 'total')
      await refused(container.items.create({ ...longest, customer: `${longest.customer}x` }), [400, 413])
    },
  },
  {
    name: 'a replace that would move an item to another partition',
    expected: 'refused with 400',
    why: 'a changed key is another record',
    async run({ container }) {
      const cart = newCart()
      await container.items.create(cart)
      await refused(itemOf(container, cart).replace({ ...cart, customer: 'elsewhere' }), 400)
    },
  },
  {
    name: 'names and values: __proto__, constructor, a.b, "", null, unicode, deep arrays, 1e308, 2^53-1',
    expected: 'come back as they were written',
    why: 'a document survives the journey to another store and back',
    async run({ container }) {
      const odd: unknown = JSON.parse(
        '{"__proto__":{"a":1},"constructor":"x","a.b":{"":0.1},"nothing":null,"deep":[[[{}]],[]],"big":1e308,"whole":9007199254740991,"text":"Grüße 🛒 \\u0001"}',
      )
      const cart = newCart()
      await container.items.create({ ...cart, odd: JSON.parse(JSON.stringify(odd)) })
      const { resource } = await itemOf(container, cart).read()
      equal(JSON.stringify(resource?.odd), JSON.stringify(odd), 'stored')
    },
  },
  {
    name: 'an item of a little under 2 MB, and one over it',
    expected: 'the first is stored, the second refused with 413 and changes nothing',
    why: 'what is too large is refused by name, and what is stored stays',
    async run({ container }) {
      const cart = newCart()
      await container.items.create({ ...cart, text: 'x'.repeat(itemBytesMax - 2_000) })
      await refused(itemOf(container, cart).replace({ ...cart, text: 'x'.repeat(itemBytesMax) }), 413)
      equal(String((await itemOf(container, cart).read()).resource?.text).length, itemBytesMax - 2_000, 'characters')
    },
  },
]
