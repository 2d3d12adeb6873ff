/**
 * Rulings under everything that a network does: what one site has shown, no other site may ever contradict. Each planted
 * bug is one of the variants that do not work; all of them must be found.
 */
import { describe, expect, it } from 'vitest'
import {
  decide,
  firstRuling,
  fixedVerdicts,
  homeOf,
  type Jurisdiction,
  joinRulings,
  majorityOf,
  type Ruling,
} from '../../shared/resolve/ruling.ts'

const sites = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus']
const jurisdiction: Jurisdiction = { sites, quorum: majorityOf(sites) }
const units = 4

/** Small and quick, and the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Variant {
  readonly join: typeof joinRulings
  readonly decide: typeof decide
  readonly shown: (ruling: Ruling) => readonly unknown[]
}

const right: Variant = { join: joinRulings, decide, shown: ruling => fixedVerdicts(ruling, jurisdiction) }

/**
 * Sites ask for units, exchange their whole states late, twice and in any order, and are cut off; now and then one claims
 * to be the home. Returns what went wrong first.
 */
function run(seed: number, { join, decide: decided, shown }: Variant): string | undefined {
  const random = randomOf(seed)
  const below = (count: number) => Math.floor(random() * count)
  const states = new Map(sites.map(site => [site, firstRuling(sites[0] ?? '', jurisdiction)]))
  const asked = new Map(sites.map(site => [site, new Set<string>()]))
  const seen = new Map(sites.map(site => [site, [] as readonly unknown[]]))
  const under: { to: string; ruling: Ruling; ids: readonly string[] }[] = []
  let next = 0

  /** The home accepts each request while units are left. */
  const rule = (site: string) => (log: readonly unknown[]) => {
    const known = new Set(log.map(String).map(entry => entry.slice(1)))
    let left = units - log.filter(entry => String(entry).startsWith('+')).length
    return [...(asked.get(site) ?? [])].filter(id => !known.has(id)).map(id => (left-- > 0 ? `+${id}` : `-${id}`))
  }
  const act = (site: string, claims: boolean): string | undefined => {
    const state = states.get(site)
    if (!state) return undefined
    const taking = claims ? { homes: sites.filter(each => each !== site), turn: 1_000 } : undefined
    const after = decided(state, jurisdiction, { site, taking, rule: rule(site) })
    if (after) states.set(site, after)
    return look(site)
  }
  const look = (site: string): string | undefined => {
    const state = states.get(site)
    const now = state ? shown(state) : []
    const before = seen.get(site) ?? []
    if (before.some((entry, index) => now[index] !== entry)) return `${site} showed ${before} and now ${now}`
    seen.set(site, now)
    for (const [other, theirs] of seen)
      for (let index = 0; index < Math.min(now.length, theirs.length); index++)
        if (now[index] !== theirs[index]) return `${site} shows ${now}, ${other} ${theirs}`
    const accepted = now.filter(entry => String(entry).startsWith('+'))
    if (accepted.length > units) return `${accepted.length} of ${units} units are given away`
    return undefined
  }
  const send = (from: string) => {
    const ruling = states.get(from)
    if (ruling) for (const to of sites) if (to !== from) under.push({ to, ruling, ids: [...(asked.get(from) ?? [])] })
  }
  const deliver = (index: number): string | undefined => {
    const message = under[index]
    const mine = message && states.get(message.to)
    if (!message || !mine) return undefined
    if (random() < 0.8) under.splice(index, 1)
    states.set(message.to, join(mine, message.ruling))
    for (const id of message.ids) asked.get(message.to)?.add(id)
    return act(message.to, false)
  }

  for (let step = 0; step < 120; step++) {
    const site = sites[below(3)] ?? ''
    const dice = random()
    let wrong: string | undefined
    if (dice < 0.2) {
      asked.get(site)?.add(`r${next++}`)
      wrong = act(site, false)
      send(site)
    } else if (dice < 0.27) {
      wrong = act(site, true)
      send(site)
    } else if (dice < 0.35) send(site)
    else if (dice < 0.4) under.splice(0, below(under.length))
    else wrong = deliver(below(under.length))
    if (wrong) return wrong
  }
  // Quiet: everything arrives. Every request has its verdict, the same everywhere.
  for (let round = 0; round < 12; round++) {
    for (const site of sites) send(site)
    while (under.length > 0) {
      const wrong = deliver(0)
      if (wrong) return wrong
    }
  }
  for (const site of sites) {
    const ids = new Set((seen.get(site) ?? []).map(entry => String(entry).slice(1)))
    if (ids.size !== next) return `${site} shows ${ids.size} verdicts of ${next}`
  }
  return undefined
}

function seedsUntilFound(variant: Variant): number {
  for (let seed = 1; seed <= 5_000; seed++) if (run(seed, variant) !== undefined) return seed
  return Number.POSITIVE_INFINITY
}

it('no site ever shows what another contradicts, and all requests are decided once, whoever claims whatever when', () => {
  for (let seed = 1; seed <= 1_500; seed++) expect(run(seed, right), `seed ${seed}`).toBeUndefined()
})

describe('a planted bug is found', () => {
  const variants: Readonly<Record<string, Variant>> = {
    'a claimant takes over without promises': {
      ...right,
      decide: (ruling, place, deciding) => {
        if (!deciding.taking) return decide(ruling, place, deciding)
        let epoch = ruling.epoch + 1
        while (homeOf(epoch, place) !== deciding.site) epoch++
        return decide({ ...ruling, epoch }, place, { ...deciding, taking: undefined })
      },
    },
    'verdicts are shown before a majority has them': { ...right, shown: ({ log }) => log },
    'one site alone fixes a verdict': {
      ...right,
      shown: ruling => fixedVerdicts(ruling, { ...jurisdiction, quorum: 1 }),
    },
    'a site that has promised goes on storing': {
      ...right,
      decide: (ruling, place, deciding) => {
        const after = decide(ruling, place, deciding) ?? ruling
        const mine = { ...after.stored[deciding.site], [after.epoch]: after.log.length }
        const stored = { ...after.stored, [deciding.site]: mine }
        return { ...after, stored }
      },
    },
    'a home that has promised goes on ruling and storing': {
      ...right,
      decide: (ruling, place, deciding) => {
        const { promised } = decide(ruling, place, deciding) ?? ruling
        if (homeOf(ruling.epoch, place) !== deciding.site) return decide(ruling, place, deciding)
        return { ...(decide({ ...ruling, promised: {} }, place, deciding) ?? ruling), promised }
      },
    },
    'logs of two epochs are put together': {
      ...right,
      join: (a, b) => {
        const joined = joinRulings(a, b)
        return { ...joined, log: [...new Set([...joined.log, ...a.log, ...b.log])] }
      },
    },
  }
  it.each(Object.entries(variants))('%s', (_, variant) => {
    expect(seedsUntilFound(variant)).toBeLessThan(5_000)
  })
})

it('the home rules alone where it is declared to, and nobody waits for a second site', () => {
  const alone = { sites, quorum: 1 }
  const home = firstRuling('gcp-us-central1', alone)
  const after = decide(home, alone, { site: 'gcp-us-central1', taking: undefined, rule: () => ['+a'] })
  expect(fixedVerdicts(after ?? home, alone)).toEqual(['+a'])
  expect(decide(home, alone, { site: 'azure-eastus', taking: undefined, rule: () => ['-a'] })).toBeUndefined()
})

it('of two sites that are told to take each other’s place, the one that was told later keeps it', () => {
  const [aws = '', gcp = ''] = sites
  const taking = new Map([
    [aws, { homes: [gcp], turn: 2 }],
    [gcp, { homes: [aws], turn: 1 }],
  ])
  let state = firstRuling(aws, jurisdiction)
  let rounds = 0
  for (let isQuiet = false; !isQuiet; rounds++) {
    isQuiet = true
    for (const site of sites) {
      const after = decide(state, jurisdiction, { site, taking: taking.get(site), rule: () => [] })
      if (after) [state, isQuiet] = [joinRulings(state, after), false]
    }
    expect(rounds).toBeLessThan(20)
  }
  expect(homeOf(state.epoch, jurisdiction)).toBe(aws)
})
