/**
 * Random runs in which three sites are deployed anew, function by function, while applications write and changes travel: in
 * the end every write counts once, everywhere, and nothing was put aside on the way.
 */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields } from '../../shared/declare/index.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { mayPass } from '../../shared/ports/errors.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { Random } from '../simulation/random.ts'
import { MemorySite } from './memory-site.ts'
import { awsSite, azureSite, gcpSite, threeSites } from './three-sites.ts'

const older = defineSync({ sites: threeSites, data: { carts: { key: ['ref'], merge: fields({ total: counter() }) } } })
const newer = defineSync({
  sites: threeSites,
  data: {
    carts: { key: ['ref'], merge: fields({ total: counter(), visits: counter() }) },
    reviews: { key: ['ref'], merge: fields({ likes: counter() }) },
  },
})

const carts: readonly RecordRef[] = ['a', 'b'].map(id => ({ type: 'carts', key: [id] }))
const reviews: readonly RecordRef[] = [{ type: 'reviews', key: ['a'] }]
const siteIds = [awsSite, gcpSite, azureSite]
const seeds = process.env.TRIBUTARY_LONG === '1' ? 2_000 : 50
const steps = 250
/** Enough for everything to arrive, were it taken up at random. */
const restSteps = 5_000

class Run {
  readonly #random: Random
  readonly sites = siteIds.map(id => new DeployedSite(id))
  readonly #added = new Map<string, number>()

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  async play(): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const site = this.#random.pick(this.sites)
      if (this.#random.chance(0.25)) this.#write(site)
      else if (this.#random.chance(0.08)) site.replaceOne(this.#random)
      else await this.#work(site)
    }
    for (const site of this.sites) site.replaceAll()
    for (let step = 0; step < restSteps && this.sites.some(site => site.isBusy()); step++) {
      await this.#work(this.#random.pick(this.sites))
    }
  }

  /** What differs from what was added, or from site to site. */
  faults(): readonly unknown[] {
    const letters = this.sites.flatMap(({ memory }) => [...memory.deadLetters.letters.values()])
    const wrong = [...carts, ...reviews].flatMap(ref => {
      const wanted = Object.fromEntries(
        ['total', 'visits', 'likes'].flatMap(field => {
          const sum = this.#added.get(`${recordName(ref)} ${field}`)
          return sum === undefined ? [] : [[field, sum]]
        }),
      )
      const shown = this.sites.map(({ memory }) => memory.document(ref) ?? {})
      return shown.every(document => sameAmounts(document, wanted)) ? [] : [{ ref, wanted, shown }]
    })
    return [...letters, ...wrong, ...(this.sites.some(site => site.isBusy()) ? ['not at rest'] : [])]
  }

  #write(site: DeployedSite): void {
    const isNew = site.isReplaced()
    const ref = this.#random.pick(isNew ? [...carts, ...reviews] : carts)
    const field = ref.type === 'reviews' ? 'likes' : isNew && this.#random.chance(0.5) ? 'visits' : 'total'
    const by = this.#random.between(1, 9)
    const document = site.memory.document(ref) ?? {}
    site.memory.write(ref, { ...document, [field]: Number(document[field] ?? 0) + by })
    site.hints.set(recordName(ref), ref)
    const name = `${recordName(ref)} ${field}`
    this.#added.set(name, (this.#added.get(name) ?? 0) + by)
  }

  async #work(site: DeployedSite): Promise<void> {
    const nowMs = Math.max(...this.sites.map(({ memory }) => memory.clock.nowMs)) + 1
    for (const { memory } of this.sites) memory.clock.nowMs = nowMs
    const peer = this.#random.pick(this.sites.filter(other => other !== site))
    await this.#random.pick([() => site.capture(this.#random), () => site.publish(), () => site.forward(peer)])()
  }
}

type Fn = 'capture' | 'publish' | 'ingest' | `forward ${string}`

class DeployedSite {
  readonly memory: MemorySite
  /** Documents that an event has told of. */
  readonly hints = new Map<string, RecordRef>()
  readonly #functions: readonly Fn[]
  readonly #replaced = new Set<Fn>()
  /** By peer: what lies on the bus for it. */
  readonly #waiting = new Map<string, string[]>()

  constructor(id: string) {
    this.memory = new MemorySite(newer, id)
    const peers = siteIds.filter(other => other !== id)
    this.#functions = ['capture', 'publish', 'ingest', ...peers.map(peer => `forward ${peer}` as const)]
    for (const peer of peers) this.#waiting.set(peer, [])
  }

  isReplaced(): boolean {
    return this.#replaced.size === this.#functions.length
  }

  replaceOne(random: Random): void {
    const left = this.#functions.filter(name => !this.#replaced.has(name))
    if (left.length > 0) this.#replaced.add(random.pick(left))
  }

  replaceAll(): void {
    for (const name of this.#functions) this.#replaced.add(name)
  }

  isBusy(): boolean {
    return this.hints.size + this.memory.versions.length + [...this.#waiting.values()].flat().length > 0
  }

  portsOf(name: Fn) {
    const plan: SyncPlan = this.#replaced.has(name) ? newer : older
    return { ...this.memory.ports, here: createHere(plan, this.memory.id) }
  }

  async capture(random: Random): Promise<void> {
    const ports = this.portsOf('capture')
    // Nothing triggers a function for a type that its declaration has not got.
    const known = [...this.hints.values()].filter(({ type }) => ports.here.types.has(type))
    if (known.length === 0) return
    const ref = random.pick(known)
    try {
      await capture(ref, ports)
      this.hints.delete(recordName(ref))
    } catch (error) {
      if (!mayPass(error)) throw error
    }
  }

  async publish(): Promise<void> {
    await publish(this.memory.versions.splice(0), this.portsOf('publish'))
    const texts = this.memory.texts.splice(0)
    for (const waiting of this.#waiting.values()) waiting.push(...texts)
  }

  async forward(peer: DeployedSite): Promise<void> {
    const { id } = peer.memory
    const waiting = this.#waiting.get(id) ?? []
    const texts = waiting.splice(0, 3)
    if (texts.length === 0) return
    const ports = this.portsOf(`forward ${id}`)
    const outcomes = await forward(texts, {
      ...ports,
      peerId: id,
      peer: createMemoryPeer(this.memory.id, peer.portsOf('ingest')),
    })
    for (const ref of [...carts, ...reviews]) peer.hints.set(recordName(ref), ref)
    outcomes.forEach((outcome, index) => {
      if (outcome.outcome === 'again') waiting.push(texts[index] ?? '')
      if (outcome.outcome === 'waits') waiting.push(outcome.claim)
    })
  }
}

function sameAmounts(document: object, wanted: Readonly<Record<string, number>>): boolean {
  const shown = Object.fromEntries(Object.entries(document).toSorted())
  return JSON.stringify(shown) === JSON.stringify(Object.fromEntries(Object.entries(wanted).toSorted()))
}

describe('while three sites are deployed anew, function by function', () => {
  it(`every write counts once in ${seeds} runs`, { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const run = new Run(seed)
      await run.play()
      expect(run.faults(), `seed ${seed}`).toEqual([])
    }
  })
})
