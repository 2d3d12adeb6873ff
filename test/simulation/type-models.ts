/** The types of the catalogue that have a plain model (see type-model.ts), each told once more in its own words. */
import type { Json } from '../../shared/document/json.ts'
import { child } from './puts.ts'
import type { Cell, Model, OneValue, Parts, Shown, Step, Value } from './type-model.ts'

const last = (values: readonly Value[]): Value => {
  const value = values.at(-1)
  if (!value) throw new Error('nothing is open')
  return value
}
const showing = (put: Value, rule: string): Shown => ({ value: put.value, put, rule })

const latest: OneValue = {
  kind: 'one value',
  shows: open => showing(last(open), 'latest-write-wins'),
  review: false,
}
const reviewed: OneValue = { ...latest, review: true }
const kept: OneValue = { ...reviewed, shows: open => showing(last(open), 'siblings-kept') }

/** Numbers are above texts, and both above anything else. */
function highest(by?: string): OneValue {
  const measure = ({ value }: Value) => (by === undefined ? value : child(value, by))
  const isAbove = (a: Json | undefined, b: Json | undefined) => {
    if (typeof a === 'number') return typeof b !== 'number' || a > b
    if (typeof a === 'string') return typeof b === 'string' ? a > b : typeof b !== 'number'
    return false
  }
  return {
    ...latest,
    shows(open) {
      const best = open.filter(put => !open.some(other => isAbove(measure(other), measure(put))))
      return showing(last(best), 'highest-wins')
    },
  }
}

type SayOf = (value: Json | undefined) => string | undefined

function authority(siteWithSay: SayOf, passive: 'accept' | 'refuse'): OneValue {
  return {
    ...latest,
    shows(open) {
      const own = open.filter(({ by, value }) => siteWithSay(value) === by.dot[0])
      return own.length > 0 ? showing(last(own), 'authority-wins') : showing(last(open), 'latest-write-wins')
    },
    ...(passive === 'refuse' && {
      refuses({ by, before, after }: Step) {
        const site = siteWithSay(after ?? before)
        return site !== undefined && site !== by.dot[0]
      },
      undoneBy: { rule: 'authority-wins' },
    }),
  }
}

const ingesting: Readonly<Record<string, string>> = { kraken: 'aws-us-east-1', okx: 'azure-eastus' }
const bySource: SayOf = value => {
  const source = child(value, 'venue')
  return typeof source === 'string' ? ingesting[source] : undefined
}

const once: OneValue = {
  kind: 'one value',
  shows(open) {
    const [first] = open
    return showing(first ?? last(open), 'first-write-stays')
  },
  review: true,
  refuses: ({ before }) => before !== undefined,
  undoneBy: { rule: 'first-write-stays', review: true },
}

const widest: OneValue = {
  ...latest,
  shows(open) {
    const numbers = (name: string) => open.map(({ value }) => Number(child(value, name)))
    return { value: { low: Math.min(...numbers('low')), high: Math.max(...numbers('high')) }, rule: 'custom:widest' }
  },
}

function parts(named: Parts['named'], unnamed: Model = latest): Parts {
  return { kind: 'parts', named, unnamed }
}

/** Of the feeds that are less than a minute behind the latest: the venue, the class, the latency, the confidence. */
function bestName(visible: readonly Cell[]): Json | undefined {
  const feeds = visible.flatMap(({ path: [field, name], shown }) => {
    if (field !== 'feeds' || name === undefined || !shown?.put) return []
    const { value, by } = shown.put
    const capturedMs = Math.floor(by.hlc / 1000)
    const says = child(value, 'observed_ms')
    return [{ name, value, atMs: typeof says === 'number' && says < capturedMs ? says : capturedMs }]
  })
  const abreast = feeds.filter(({ atMs }) => feeds.every(other => other.atMs - atMs <= 60_000))
  const venues: readonly unknown[] = ['okx', 'kraken']
  const classes: readonly unknown[] = ['exchange', 'regional', 'primary', 'backfill']
  const rank = (list: readonly unknown[], value: unknown) => (list.includes(value) ? list.indexOf(value) : 99)
  const number = (value: Json | undefined, none: number) => (typeof value === 'number' ? value : none)
  const marks = abreast.map(({ name, value, atMs }) => ({
    name,
    marks: [
      rank(venues, child(value, 'venue')),
      rank(classes, child(value, 'class')),
      number(child(value, 'latency_ms'), 1e9),
      -number(child(value, 'confidence'), -1e9),
      -atMs,
    ],
  }))
  const isBetter = (a: (typeof marks)[number], b: (typeof marks)[number]) => {
    const at = a.marks.findIndex((mark, index) => mark !== b.marks[index])
    return at < 0 ? a.name < b.name : (a.marks[at] ?? 0) < (b.marks[at] ?? 0)
  }
  return marks.find(feed => !marks.some(other => isBetter(other, feed)))?.name
}

export const typeModels: Readonly<Record<string, Model>> = {
  decisions: reviewed,
  promotions: highest('version'),
  matches: kept,
  prices: authority(() => 'aws-us-east-1', 'refuse'),
  rates: authority(() => 'gcp-us-central1', 'accept'),
  feeds: authority(bySource, 'refuse'),
  quotes: authority(bySource, 'accept'),
  tickers: {
    ...parts({ feeds: parts({}, authority(bySource, 'accept')) }),
    computed: { name: 'best', from: bestName },
  },
  receipts: once,
  journals: parts({ entries: { ...parts({}, once), stays: true } }),
  ranges: widest,
  profiles: parts({
    address: parts({}),
    status: reviewed,
    terms: kept,
    bid: highest(),
    range: widest,
    price: authority(() => 'gcp-us-central1', 'refuse'),
    quote: authority(bySource, 'accept'),
    more: parts({ status: reviewed, price: authority(() => 'aws-us-east-1', 'refuse'), bid: highest('amount') }),
  }),
  levels: parts({ on_hand: { kind: 'amount' } }),
}
