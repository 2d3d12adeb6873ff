/** The tour: one write travels, three edits converge, a site is cut and comes back. True if everything was as it must be. */
import { setTimeout as sleep } from 'node:timers/promises'
import { keyFromText } from '../../../shared/replicate/record-ref.ts'
import type { ApplicationClient, Item } from '../../local/official-clients/application-client.ts'
import { readResolutions } from '../read-audit.ts'
import type { RunningClouds } from '../running-clouds.ts'
import { sameEverywhere, untilEverywhere } from './until-everywhere.ts'

export interface Tour {
  readonly clouds: RunningClouds
  readonly clients: readonly ApplicationClient[]
  readonly say: (text: string) => void
}

export async function runTour(tour: Tour): Promise<boolean> {
  const { clients, say } = tour
  const parts = [oneWrite, threeEdits, lastWriteWins, cutAndBack]
  const results: boolean[] = []
  for (const part of parts) results.push(await part(tour))
  const wrong = results.filter(result => !result).length
  say(
    `\nSummary: ${clients.length} sites, ${parts.length} parts, ${wrong === 0 ? 'all as expected' : `${wrong} differed`}.`,
  )
  return wrong === 0
}

const cart = (customer: string, items: Item): Item => ({ customer_id: customer, currency: 'EUR', items })

const json = (value: unknown) => JSON.stringify(value)

async function oneWrite(tour: Tour): Promise<boolean> {
  const [first, second] = tour.clients
  if (!first || !second) return false
  tour.say(`\n1. A cart is written at ${first.site}, by its cloud's own client; the first event starts each function.`)
  const cold = await writeAndWatch(tour, first, 'alice')
  tour.say(`   Another one at ${second.site}, now that they run:`)
  return (await writeAndWatch(tour, second, 'carol')) && cold
}

async function writeAndWatch({ clients, say }: Tour, writer: ApplicationClient, customer: string): Promise<boolean> {
  const document = cart(customer, { tea: { quantity: 2, note: 'green' } })
  await writer.put('carts', document)
  const startedMs = performance.now()
  say(`   wrote ${json(document)}`)
  const others = clients.filter(client => client !== writer)
  const arrived = await Promise.all(
    others.map(async client => {
      const ok = await untilEverywhere([client], 'carts', [customer], document)
      say(
        `   ${ok ? 'arrived' : 'DID NOT ARRIVE'} at ${client.site} after ${Math.round(performance.now() - startedMs)} ms`,
      )
      return ok
    }),
  )
  return arrived.every(Boolean)
}

async function threeEdits({ clouds, clients, say }: Tour): Promise<boolean> {
  const [a, b, c] = clients
  if (!a || !b || !c) return true
  say('\n2. Three sites change the same cart at once: tea +3, a mug added, tea removed.')
  await clouds.cut(clients.map(({ site }) => site))
  await b.increment('carts', ['alice'], ['items', 'tea', 'quantity'], 3)
  say(`   ${b.site}: tea + 3`)
  await c.set('carts', ['alice'], ['items', 'mug'], { quantity: 1 })
  say(`   ${c.site}: a mug`)
  await a.unset('carts', ['alice'], ['items', 'tea'])
  say(`   ${a.site}: tea removed`)
  await sleep(500)
  await clouds.cut([])
  const expected = cart('alice', { tea: { quantity: 3, note: 'green' }, mug: { quantity: 1 } })
  const ok = await untilEverywhere(clients, 'carts', ['alice'], expected)
  say(`   ${ok ? 'converged' : 'DID NOT CONVERGE'}: ${json(await a.read('carts', ['alice']))}`)
  say('   the removal took the 2 it had seen, the 3 it had not seen stay, and so does the mug')
  return ok && (await showAudit({ clouds, clients, say }, 'carts', 'alice'))
}

async function lastWriteWins({ clouds, clients, say }: Tour): Promise<boolean> {
  say('\n3. The same product is written at every site at once: the latest wins, the others are in the audit.')
  await clouds.cut(clients.map(({ site }) => site))
  let expected: Item = {}
  for (const [index, client] of clients.entries()) {
    expected = { product_id: 'p1', title: `Teapot, as ${client.site} calls it`, price: 20 + index }
    await client.put('products', expected)
    say(`   ${client.site}: ${json(expected)}`)
    await sleep(300)
  }
  await clouds.cut([])
  const ok = await untilEverywhere(clients, 'products', ['p1'], expected)
  say(`   ${ok ? 'converged' : 'DID NOT CONVERGE'}: ${json(await clients[0]?.read('products', ['p1']))}`)
  return ok && (await showAudit({ clouds, clients, say }, 'products', 'p1'))
}

async function cutAndBack({ clouds, clients, say }: Tour): Promise<boolean> {
  const cut = clients.at(-1)
  const [first] = clients
  if (!cut || !first) return true
  say(`\n4. ${cut.site} is cut off; every site goes on adding to the same cart.`)
  await first.put('carts', cart('bob', { jam: { quantity: 0 } }))
  await untilEverywhere(clients, 'carts', ['bob'], cart('bob', { jam: { quantity: 0 } }))
  await clouds.cut([cut.site])
  const adds = 20
  for (let i = 0; i < adds; i++) {
    await Promise.all(clients.map(client => client.increment('carts', ['bob'], ['items', 'jam', 'quantity'], 1)))
  }
  await sleep(500)
  const apart = await Promise.all(clients.map(client => client.read('carts', ['bob'])))
  for (const [index, { site }] of clients.entries()) say(`   ${site}: ${json(apart[index]?.items)}`)
  await clouds.cut([])
  const startedMs = performance.now()
  const expected = cart('bob', { jam: { quantity: adds * clients.length } })
  const ok = await untilEverywhere(clients, 'carts', ['bob'], expected)
  const afterMs = Math.round(performance.now() - startedMs)
  say(
    `   healed: ${ok ? 'equal' : 'NOT EQUAL'} after ${afterMs} ms: ${json((await cut.read('carts', ['bob']))?.items)}, ${adds * clients.length} were added`,
  )
  return ok && (await sameEverywhere(clients, 'carts', ['bob']))
}

async function showAudit({ clouds, say }: Tour, type: string, key: string): Promise<boolean> {
  const deadline = Date.now() + 10_000
  let lines: readonly string[] = []
  // Entries follow a moment after the documents: they ride in the sync record and are copied by its stream.
  while (lines.length === 0 && Date.now() < deadline) {
    const entries = await readResolutions(clouds, { type, key: keyFromText(key) })
    lines = entries.flatMap(({ site, origin, arbitrations }) =>
      arbitrations.map(({ path, rule, kept, lost }) => {
        const values = kept
          ? `: kept ${json(kept.value)}, lost ${(lost ?? []).map(({ value }) => json(value)).join(', ') || 'a removal'}`
          : ''
        return `   audit at ${site}, from ${origin}: ${path.join('.') || 'the document'} by ${rule}${values}`
      }),
    )
    if (lines.length === 0) await sleep(100)
  }
  for (const line of lines) say(line)
  return lines.length > 0
}
