/** A user's own function settles conflicts: which functions a declaration takes, and what one that fails costs. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { custom, DeclarationInvalid, defineSync, fields } from '../../shared/declare/index.ts'
import type { Resolver } from '../../shared/declare/resolver.ts'
import { isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { buildOptionsOf, projectRoot } from '../../tools/build/bundle-functions.ts'
import { settle } from './memory-site.ts'
import { arbitrationsAt, awsSite, ThreeSites, thing, threeSites } from './three-sites.ts'

const numberIn = (value: Json, field: string): number => {
  const found = isJsonObject(value) ? value[field] : undefined
  return typeof found === 'number' ? found : 0
}
const examples = [{ low: 3, high: 5 }, { low: 1, high: 4 }, { low: 4, high: 9 }, { low: 2 }]
const range: Resolver = {
  resolve: (a, b) => ({
    low: Math.min(numberIn(a, 'low'), numberIn(b, 'low')),
    high: Math.max(numberIn(a, 'high'), numberIn(b, 'high')),
  }),
  examples: [
    { low: 3, high: 5 },
    { low: 1, high: 4 },
    { low: 4, high: 9 },
  ],
}

describe('a resolver', () => {
  it('makes one value of all that were concurrent, the same at every site', async () => {
    const sites = new ThreeSites(custom('range'), { resolvers: { range } })
    await sites.atOnce([{ low: 3, high: 5 }, 9], [{ low: 1, high: 4 }, 1], [{ low: 2, high: 8 }, 5])
    expect(sites.documents).toEqual(sites.all.map(() => ({ low: 1, high: 8 })))
    for (const site of sites.all) {
      expect(new Set(arbitrationsAt(site).map(({ rule }) => rule))).toEqual(new Set(['custom:range']))
      const lost = arbitrationsAt(site).flatMap(({ lost = [] }) => lost.map(({ value }) => value))
      expect(lost).toContainEqual({ low: 3, high: 5 })
    }
    sites.aws.write(thing, { low: 6, high: 7 })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ low: 6, high: 7 })))
  })

  it('cannot change what it is given', async () => {
    const spoiling: Resolver = {
      resolve(a, b) {
        if (isJsonObject(a)) Reflect.set(a, 'low', -1)
        return range.resolve(a, b)
      },
      examples: range.examples,
    }
    const sites = new ThreeSites(fields({ range: custom('spoiling') }), { resolvers: { spoiling } })
    await sites.atOnce([{ range: { low: 3, high: 5 } }, 9], [{ range: { low: 1, high: 4 } }, 1])
    expect(sites.documents).toEqual(sites.all.map(() => ({ range: { low: 1, high: 5 } })))
  })
})

describe('a declaration refuses a resolver', () => {
  const faultsOf = (resolve: Resolver['resolve'], values: readonly Json[] = examples): readonly string[] => {
    try {
      defineSync({
        sites: threeSites,
        data: { things: { key: ['id'], merge: custom('mine') } },
        resolvers: { mine: { resolve, examples: [...values] } },
      })
      return []
    } catch (error) {
      if (error instanceof DeclarationInvalid) return error.faults
      throw error
    }
  }
  let calls = 0

  it.each<[string, Resolver['resolve'], string]>([
    ['that takes whichever comes first', a => a, 'not commutative: with a = {"high":5,"low":3}'],
    ['that counts its calls', () => ({ calls: ++calls }), 'not deterministic: with a ='],
    ['that adds up', (a, b) => ({ low: numberIn(a, 'low') + numberIn(b, 'low') }), 'not idempotent: with a ='],
    [
      'that takes the mean',
      (a, b) => ({ ...(isJsonObject(a) ? a : {}), low: (numberIn(a, 'low') + numberIn(b, 'low')) / 2, high: 0 }),
      'not',
    ],
    [
      'that throws',
      () => {
        throw new TypeError('no such field')
      },
      "the resolver 'mine' threw TypeError: no such field: given",
    ],
    ['that makes no document of documents', (a, b) => (jsonEquals(a, b) ? a : 7), 'no object'],
    ['that gives nothing', () => JSON.parse('{}').nothing, 'gave undefined, which no document holds'],
    ['that gives what is no number', () => ({ low: Number.NaN }), 'gave the number NaN at low'],
    ['that gives a date', () => ({ at: [JSON.parse('1')].map(() => new Map()) }) as unknown as Json, 'at at[0]'],
  ])('%s, with the values that show it', (_, resolve, words) => {
    const faults = faultsOf(resolve)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain('resolvers.mine.resolve: found ')
    expect(faults[0]).toContain(words)
  })

  it('that is not associative, though every pair of its examples is settled alike', () => {
    // Stone, scissors, paper.
    const beats: Readonly<Record<string, string>> = { stone: 'scissors', scissors: 'paper', paper: 'stone' }
    const handIn = (value: Json) => (isJsonObject(value) && typeof value.hand === 'string' ? value.hand : '')
    const resolve: Resolver['resolve'] = (a, b) => (beats[handIn(a)] === handIn(b) ? a : b)
    const hands = ['stone', 'scissors', 'paper'].map(hand => ({ hand }))
    expect(faultsOf((a, b) => (beats[handIn(b)] === handIn(a) ? b : resolve(a, b)), hands)[0]).toContain(
      'not associative: with a = {"hand":',
    )
  })

  it('that breaks a law only where one field was written here and another there', () => {
    // The examples agree on `low` wherever they agree on `high`: only a crossing of two tells.
    const pairs = [
      { low: 1, high: 1 },
      { low: 2, high: 2 },
    ]
    const byHigh: Resolver['resolve'] = (a, b) => (numberIn(a, 'high') >= numberIn(b, 'high') ? a : b)
    expect(faultsOf(byHigh, pairs)[0]).toContain('not commutative')
  })

  it('that never ends', () => {
    const faults = faultsOf(() => {
      for (;;);
    })
    expect(faults[0]).toContain('did not pass the laws within 5000 ms: given {')
  })

  it('that is missing, has no examples, or is no function', () => {
    const faults = (input: object) => {
      try {
        defineSync({ sites: threeSites, data: { things: { key: ['id'], merge: custom('mine') } }, ...input })
        return []
      } catch (error) {
        return error instanceof DeclarationInvalid ? error.faults : [String(error)]
      }
    }
    expect(faults({})).toEqual([
      "data.things.merge.name: found 'mine'; allowed: a function of this name among the resolvers",
    ])
    expect(faults({ resolvers: { range } })).toEqual(["data.things.merge.name: found 'mine'; allowed: range"])
    expect(faults({ resolvers: { mine: { resolve: 'max', examples: [1, 2] } } })[0]).toContain(
      'a function of two values',
    )
    expect(faults({ resolvers: { mine: { ...range, examples: [1] } } })[0]).toContain('at least two values')
    expect(faults({ resolvers: { mine: { ...range, examples: [1, new Date(0)] } } })[0]).toContain(
      'a value that a document can hold',
    )
  })
})

describe('the plan', () => {
  const planWith = (version: number) =>
    defineSync({
      sites: threeSites,
      data: { things: { key: ['id'], merge: custom('range', { version }) } },
      resolvers: { range },
    })

  it('stays plain data, and another version of a function is another plan', () => {
    const plan = planWith(1)
    expect(JSON.stringify(plan)).not.toContain('resolve')
    expect(JSON.stringify(plan)).toContain('"range"')
    expect(planWith(1).hash).toBe(plan.hash)
    expect(planWith(2).hash).not.toBe(plan.hash)
    expect(Object.isFrozen(plan)).toBe(true)
  })

  it('without its functions serves no site, and says what to do', () => {
    const copy = JSON.parse(JSON.stringify(planWith(1)))
    expect(() => createHere(copy, awsSite)).toThrow("the plan names a resolver 'range' and comes without its function")
  })
})

describe('a resolver that fails at run time', () => {
  /** Honest until it is told otherwise: the laws are asked when it is declared. */
  function moody() {
    const mood: { now: (() => Json) | undefined } = { now: undefined }
    const resolver: Resolver = { ...range, resolve: (a, b) => mood.now?.() ?? range.resolve(a, b) }
    return { mood, resolver }
  }

  it.each<[string, () => Json, string]>([
    [
      'throws',
      () => {
        throw new RangeError('no rate for this day')
      },
      'no rate for this day',
    ],
    [
      'never ends',
      () => {
        for (;;);
      },
      'did not end within 1000 ms',
    ],
    ['gives a value that no document holds', () => Number.NaN, 'the number NaN'],
    ['gives a document that is none', () => 7, 'a document is an object'],
  ])('and %s costs its record only, and that is merged once it does not', async (_, failing, words) => {
    const { mood, resolver } = moody()
    const sites = new ThreeSites(custom('moody'), { resolvers: { moody: resolver } })
    const other = { ...thing, key: ['two'] }
    sites.aws.write(thing, { low: 1, high: 2 })
    await sites.aws.work()
    const event = await sites.gcp.change(thing, { low: 5, high: 6 })
    const neighbour = await sites.gcp.change(other, { low: 7, high: 8 })

    mood.now = failing
    const answers = await ingest([event.change, neighbour.change], sites.gcp.id, sites.aws.ports)
    expect(answers[0]).toMatchObject({ answer: 'refused', reason: 'resolver_failed' })
    expect(JSON.stringify(answers[0])).toContain(words)
    expect(answers[1]).toEqual({ answer: 'applied' })
    expect(sites.aws.document(thing)).toEqual({ low: 1, high: 2 })

    mood.now = undefined
    expect(await ingest([event.change], sites.gcp.id, sites.aws.ports)).toEqual([{ answer: 'applied' }])
    expect(sites.aws.document(thing)).toEqual({ low: 1, high: 6 })
    await settle([sites.aws, sites.azure])
  })
})

it('is in the bundles, as it was declared, with what it imports and without what checks declarations', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-custom-'))
  try {
    const declare = join(projectRoot, 'shared/declare/index.ts')
    const config = join(folder, 'custom.config.ts')
    await writeFile(join(folder, 'least.ts'), 'export const least = (a: number, b: number) => Math.min(a, b)\n')
    await writeFile(
      config,
      `import { custom, defineSync } from ${JSON.stringify(declare)}
       import { least } from './least.ts'
       export default defineSync({
         sites: { 'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' } },
         data: { prices: { key: ['id'], merge: custom('cheapest') } },
         resolvers: {
           cheapest: { resolve: (a, b) => ({ price: least(a.price, b.price) }), examples: [{ price: 1 }, { price: 2 }] },
         },
       })\n`,
    )
    const { default: plan } = await import(config)
    const entry = join(folder, 'entry.ts')
    await writeFile(entry, "import plan from '#plan'\nexport { plan }\n")
    const outfile = join(folder, 'bundle.cjs')
    const { outExtension: _, ...options } = buildOptionsOf('aws', plan, config)
    await build({ ...options, entryPoints: [entry], outfile })

    const bundled = createRequire(import.meta.url)(outfile).plan
    expect(bundled.hash).toBe(plan.hash)
    expect(createHere(bundled, 'aws-us-east-1').types.has('prices')).toBe(true)
    expect(bundled.resolvers.cheapest.resolve({ price: 3 }, { price: 2 })).toEqual({ price: 2 })
    const text = await readFile(outfile, 'utf8')
    expect(text.includes('the declaration is not valid')).toBe(false)
    expect(text.length).toBeLessThan(30_000)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
