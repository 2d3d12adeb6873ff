/**
 * A deletion that everybody knows of may be stripped of its content at one site and not yet at another. Whoever writes
 * next has seen it; so what comes of that must be the same as if nobody had been stripped, amounts above all.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, counterOf, joinVectors, type VersionVector } from '../../shared/causality/version-vector.ts'
import type { Document } from '../../shared/document/json.ts'
import { counterType } from '../../shared/resolve/counter.ts'
import { createFields } from '../../shared/resolve/fields.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { createRecordType } from '../../shared/resolve/record-type.ts'
import { registerType } from '../../shared/resolve/register.ts'
import { createSet } from '../../shared/resolve/set.ts'

const line = createFields(new Map([['quantity', counterType]]), registerType)
const record = createRecordType(createFields(new Map([['items', createSet(line)]]), registerType))

class Replica {
  state: CellsState | undefined
  vector: VersionVector = {}
  readonly site: string

  constructor(site: string) {
    this.site = site
  }

  get view(): Document | undefined {
    return record.view(this.state)
  }

  write(after: Document | undefined): void {
    const counter = counterOf(this.vector, this.site) + 1
    const written = record.write(this.state, this.view, after, { site: this.site, counter, hlc: counter })
    if (!written) return
    this.state = written.state
    this.vector = advance(this.vector, [this.site, counter])
  }

  take({ state, vector }: Replica): void {
    this.state = record.join(this.state, state, {
      a: { seen: this.vector, whole: true },
      b: { seen: vector, whole: true },
      path: [],
      report: () => undefined,
    })
    this.vector = joinVectors(this.vector, vector)
  }
}

const amounts = fc.integer({ min: -9, max: 9 })
const cart = (quantity: number): Document => ({ note: 'x', items: { tea: { quantity } } })
const quantityIn = (view: Document | undefined) => JSON.parse(JSON.stringify(view ?? null))?.items?.tea?.quantity

function exchange(replicas: readonly Replica[]): void {
  for (const one of replicas) for (const other of replicas) if (one !== other) one.take(other)
}

/** What every site did once the document was gone everywhere. */
const life = fc.record({
  isStripped: fc.boolean(),
  /** Undefined: it writes nothing until it hears of others. */
  created: fc.option(fc.tuple(amounts, amounts), { nil: undefined }),
  later: amounts,
})

describe('a deletion that is stripped here and not there', () => {
  it('counts every amount written since, once, and none from before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), amounts), { minLength: 1, maxLength: 8 }),
        fc.tuple(life, life, life),
        (before, lives) => {
          const replicas = ['a', 'b', 'c'].map(site => new Replica(site))
          let total = 0
          for (const [at, amount] of before) {
            total += amount
            replicas[at]?.write(cart(total))
            exchange(replicas)
          }
          replicas[0]?.write(undefined)
          exchange(replicas)

          let expected = 0
          replicas.forEach((replica, index) => {
            const { isStripped, created } = lives[index] ?? {}
            if (isStripped) replica.state = undefined
            if (!created) return
            replica.write(cart(created[0]))
            replica.write(cart(created[0] + created[1]))
            expected += created[0] + created[1]
          })
          exchange(replicas)
          exchange(replicas)
          const isThere = lives.some(({ created }) => created)
          for (const { view } of replicas) expect(quantityIn(view)).toBe(isThere ? expected : undefined)
          if (!isThere) return

          // Whoever goes on must not go on with what others have dropped.
          replicas.forEach((replica, index) => {
            const amount = lives[index]?.later ?? 0
            replica.write(cart(quantityIn(replica.view) + amount))
            expected += amount
          })
          exchange(replicas)
          exchange(replicas)
          for (const { view } of replicas) expect(quantityIn(view)).toBe(expected)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
