/**
 * An upgrade while everything goes on: one site after the other gets another declaration, applications write at every site
 * with official clients meanwhile, and at sites that have it they use what it brings. What travels between sites of different
 * declarations waits; in the end every write counts once, at every site, and no dead letter was written.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { ControlFailed } from '../../tools/local/control-client.ts'
import type { ControlRequest } from '../../tools/local/control-protocol.ts'
import { type LocalState, localFolder, readState } from '../../tools/local/local-folder.ts'
import type { ApplicationClient, FieldPath } from '../../tools/local/official-clients/application-client.ts'
import { openClients, readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { redeploySite } from '../../tools/local/redeploy-site.ts'
import { type DocumentReader, openReader } from './all-documents.ts'
import type { TestClouds } from './running-clouds.ts'
import { smallClouds } from './shared-clouds.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const upgraded = join(projectRoot, 'test/clouds/upgraded.config.ts')
/** Documents that all sites add to. */
const sharedCount = long ? 60 : 4
const writeEveryMs = long ? 100 : 1_000
/** How long a change that has to wait is watched: far longer than one takes that need not. */
const watchedMs = long ? 10_000 : 1_200
const withinMs = long ? 900_000 : 360_000

let running: TestClouds

beforeAll(async () => {
  running = await smallClouds()
}, 120_000)

async function tributary(...parameters: readonly string[]): Promise<string> {
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: running.folder } }
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...parameters], options)
  return stdout
}

async function presentState(): Promise<LocalState> {
  const state = await readState(localFolder())
  if (!state) throw new Error('the clouds are not up')
  return state
}

/** As the command does, without a process of its own. */
async function redeploy(site: string): Promise<void> {
  const state = await presentState()
  await redeploySite({ folder: localFolder(), state, site, config: upgraded, onProgress: () => undefined })
}

/** A store that is slow while functions start is asked again. */
async function ask(site: string, request: ControlRequest): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await running.clouds.ask(site, request)
    } catch (error) {
      if (!(error instanceof ControlFailed) || attempt === 10) throw error
      await sleep(1_000)
    }
  }
}

/** Of every site, whole: should there be any, they say why. */
const deadLetters = () => Promise.all(running.clients.map(({ site }) => ask(site, { ask: 'dead-letters' })))

const planAt = async ({ site }: ApplicationClient) => Object(await ask(site, { ask: 'identify' })).plan

/** What was added, by type, document and field. */
class Tally {
  readonly #sums = new Map<string, Map<string, Record<string, number>>>()

  add(type: string, id: string, field: string, by: number): void {
    const ofType = this.#sums.get(type) ?? new Map<string, Record<string, number>>()
    const sums = ofType.get(id) ?? {}
    this.#sums.set(type, ofType.set(id, { ...sums, [field]: (sums[field] ?? 0) + by }))
  }

  of(type: string, id: string): Readonly<Record<string, number>> | undefined {
    return this.#sums.get(type)?.get(id)
  }

  idsOf(type: string): readonly string[] {
    return [...(this.#sums.get(type)?.keys() ?? [])]
  }
}

/** An application at one site. It never writes blindly, so that what it added is what has to be there. */
class Application {
  readonly #tally: Tally
  #client: ApplicationClient
  #isUpgraded = false
  #turn = 0

  constructor(client: ApplicationClient, tally: Tally) {
    this.#client = client
    this.#tally = tally
  }

  /** From now on it uses what the declaration brings. */
  upgrade(client: ApplicationClient): void {
    this.#client = client
    this.#isUpgraded = true
  }

  async writeUntil(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; this.#turn++) {
      await this.#write(this.#turn)
      await sleep(writeEveryMs)
    }
  }

  async #write(turn: number): Promise<void> {
    const { site } = this.#client
    const id = sharedId((turn * 7) % sharedCount)
    await this.#add('carts', id, ['items', 'tea', 'quantity'], 1 + (turn % 3))
    // The latest counts, whichever that is.
    if (turn % 4 === 0) await this.#client.put('products', { product_id: 'contested', title: `${site} ${turn}` })
    if (turn % 4 === 1) await this.#client.put('products', { product_id: `${site}-${turn}`, title: 'own' })
    if (!this.#isUpgraded) return
    await this.#create(`${site}-${turn}`)
    await this.#addWhereItIs('carts', id, 'visits')
    await this.#addWhereItIs('reviews', this.#tally.idsOf('reviews')[turn % 3] ?? 'none', 'likes')
  }

  async #create(id: string): Promise<void> {
    await this.#client.put('carts', { customer_id: id, visits: 2, items: {} })
    this.#tally.add('carts', id, 'visits', 2)
    await this.#client.put('reviews', { review_id: id, text: 'good', likes: 1 })
    this.#tally.add('reviews', id, 'likes', 1)
  }

  async #addWhereItIs(type: string, id: string, field: string): Promise<void> {
    const document = await this.#client.read(type, [id])
    if (document?.[field] !== undefined) await this.#add(type, id, [field], 3)
  }

  async #add(type: string, id: string, path: FieldPath, by: number): Promise<void> {
    await this.#client.increment(type, [id], path, by)
    this.#tally.add(type, id, path.at(-1) ?? '', by)
  }
}

const sharedId = (n: number) => `shared-${n}`
const sharedIds = Array.from({ length: sharedCount }, (_, n) => sharedId(n))
const newCart = (id: string) => ({ customer_id: id, items: { tea: { quantity: 0 } } })
const mark = (id: string) => ({ product_id: id, title: 'a mark' })

test(
  'one site after the other gets another declaration while applications write: changes wait, and every write counts once',
  async () => {
    const lettersBefore = await deadLetters()
    const [first, second, third] = long ? running.clients.toReversed() : running.clients
    if (!first || !second || !third) throw new Error('there are three sites')
    for (const id of sharedIds) await first.put('carts', newCart(id))
    for (const id of sharedIds) await running.everywhere('carts', [id], newCart(id))

    const tally = new Tally()
    for (const id of sharedIds) tally.add('carts', id, 'quantity', 0)
    const applications = new Map(running.clients.map(client => [client.site, new Application(client, tally)]))
    const writing = new AbortController()
    const writers = Promise.all([...applications.values()].map(each => each.writeUntil(writing.signal)))
    // It is waited for below; until then nobody looks.
    writers.catch(() => undefined)
    const opened: ApplicationClient[] = []
    /** The application goes on with what it may use now. */
    const restart = async ({ site }: ApplicationClient): Promise<ApplicationClient> => {
      const clients = await openClients(join(running.folder, 'endpoints.json'))
      opened.push(...clients)
      const client = clients.find(each => each.site === site)
      if (!client) throw new Error(`no client at ${site}`)
      applications.get(site)?.upgrade(client)
      return client
    }

    try {
      const said = await tributary('local', 'redeploy', first.site, '--config', upgraded)
      expect(said).toContain(`${first.site}: runs ${upgraded}\nchanges to and from `)
      const firstUpgraded = await restart(first)
      for (const id of sharedIds) {
        await firstUpgraded.set('carts', [id], ['visits'], 1)
        tally.add('carts', id, 'visits', 1)
      }
      await first.put('products', mark('of first'))
      await second.put('products', mark('of second'))
      await expect.poll(() => third.read('products', ['of second']), { timeout: 60_000 }).toEqual(mark('of second'))
      await sleep(watchedMs)
      expect(await first.read('products', ['of second'])).toBeUndefined()
      for (const site of [second, third]) expect(await site.read('products', ['of first'])).toBeUndefined()

      await redeploy(second.site)
      await restart(second)
      await expect.poll(() => second.read('products', ['of first']), { timeout: 60_000 }).toEqual(mark('of first'))
      await expect.poll(() => first.read('products', ['of second']), { timeout: 60_000 }).toEqual(mark('of second'))
      await second.put('products', mark('of both'))
      await expect.poll(() => first.read('products', ['of both']), { timeout: 60_000 }).toEqual(mark('of both'))
      await sleep(watchedMs)
      expect(await third.read('products', ['of first'])).toBeUndefined()
      expect(await third.read('products', ['of both'])).toBeUndefined()
      expect(await planAt(second)).toBe(await planAt(first))
      expect(await planAt(third)).not.toBe(await planAt(first))

      await redeploy(third.site)
      await restart(third)
      await sleep(watchedMs)
    } finally {
      // Also where something was not as expected: they must not write on into other tests.
      writing.abort()
      await writers
    }

    const endpoints = await readEndpoints(join(running.folder, 'endpoints.json'))
    const readers = Object.entries(endpoints).map(([site, at]) => openReader(site, at))
    await expect.poll(() => differences(readers, tally), { timeout: withinMs / 2, interval: 500 }).toEqual([])
    // Enough of each for the rest to have been shown.
    for (const type of ['carts', 'reviews']) expect(tally.idsOf(type).length).toBeGreaterThan(3)
    expect(await deadLetters()).toEqual(lettersBefore)
    await Promise.all([...readers, ...opened].map(opener => opener.close()))
  },
  withinMs,
)

/** What is not the same at every site, or not what was added. */
async function differences(readers: readonly DocumentReader[], tally: Tally): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for (const type of ['products', 'carts', 'reviews']) {
    const held = await Promise.all(readers.map(reader => reader.read(type)))
    for (const id of new Set(held.flatMap(documents => [...documents.keys()]))) {
      const shown = held.map(documents => documents.get(id))
      const [document] = shown
      const amounts = {
        quantity: Object(document?.items).tea?.quantity,
        visits: document?.visits,
        likes: document?.likes,
      }
      const wanted = { ...tally.of(type, id) }
      const isRight = tally.idsOf(type).includes(id) ? isDeepStrictEqual(defined(amounts), wanted) : true
      if (!isRight || shown.some(other => !isDeepStrictEqual(other, document))) found.push({ type, id, shown, wanted })
    }
    const missing = tally.idsOf(type).filter(id => held.every(documents => !documents.has(id)))
    found.push(...missing.map(id => ({ type, id, missing: 'everywhere' })))
  }
  return found.slice(0, 5)
}

function defined(amounts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined))
}
