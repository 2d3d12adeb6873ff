/** A wrong declaration must fail where it is written, and two sites with different ones must not mix their data. */
import { describe, expect, it } from 'vitest'
import {
  authority,
  counter,
  type Declaration,
  DeclarationInvalid,
  defineSync,
  eventLog,
  fields,
  register,
  set,
} from '../../shared/declare/index.ts'
import { peersOf, siteOf, typeOf, typesAt } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'

const valid: Declaration = {
  sites: { 'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' }, 'gcp-eu': { cloud: 'gcp', region: 'europe-west1' } },
  data: { carts: { key: ['customer_id'], merge: fields({ items: set(register()) }) } },
}

/** What a declaration written without TypeScript may hold. */
const define = (declaration: unknown) => defineSync(declaration as Declaration)

const publicKey = `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${'A'.repeat(86)}==`
const withSites = (sites: unknown) => ({ ...valid, sites })
const withCarts = (carts: object) => ({ ...valid, data: { carts: { ...valid.data.carts, ...carts } } })

function faultsOf(declaration: unknown): readonly string[] {
  try {
    define(declaration)
  } catch (error) {
    if (error instanceof DeclarationInvalid) return error.faults
    throw error
  }
  return []
}

describe('a fault says where it is, what was found there, and what is allowed', () => {
  const aws = { cloud: 'aws', region: 'us-east-1' }
  const words = 'lower-case letters, digits and hyphens'
  it.each<[string, unknown, readonly string[]]>([
    ['no sites', withSites({}), ['sites: found {}; allowed: at least one site']],
    ['no data', { ...valid, data: {} }, ['data: found {}; allowed: at least one data type']],
    ['a site in capitals', withSites({ 'gcp-eu': aws, AWS: aws }), [`sites.AWS: a site id is 3 to 40 ${words}`]],
    [
      'a site called like something that every object has',
      withSites({ 'gcp-eu': aws, constructor: aws }),
      ['sites.constructor: another name: every object has something that is called so'],
    ],
    [
      'a type called so',
      { ...valid, data: { carts: valid.data.carts, constructor: valid.data.carts } },
      ['data.constructor: another name: every object has something that is called so'],
    ],
    ...(
      [
        ['a site', 'sites', withSites({ ...valid.sites, ['__proto__']: aws })],
        ['a type', 'data', { ...valid, data: { ...valid.data, ['__proto__']: valid.data.carts } }],
        ['a field', 'data.carts.merge.fields', withCarts({ merge: fields({ ['__proto__']: counter() }) })],
        [
          'a source',
          'data.carts.merge.of.sites',
          withCarts({ merge: authority({ source: 'from', sites: { okx: 'gcp-eu', ['__proto__']: 'gcp-eu' } }) }),
        ],
        [
          'a status',
          'data.carts.merge.machine.transitions',
          withCarts({
            merge: eventLog(
              { initial: 'new', transitions: { new: [], ['__proto__']: [] } },
              { status: 'status', settled: 'settled' },
            ),
          }),
        ],
        [
          'a resolver',
          'resolvers',
          { ...valid, resolvers: { ['__proto__']: { resolve: (a: unknown) => a, examples: [1, 2] } } },
        ],
      ] as const
    ).map(([what, path, declaration]): [string, unknown, readonly string[]] => [
      `${what} called __proto__`,
      declaration,
      [`${path}.__proto__: another name: every object has something that is called so`],
    ]),
    [
      'an unknown cloud',
      withSites({ ibm: { ...aws, cloud: 'ibm' } }),
      ['sites.ibm.cloud: found "ibm"; allowed: one of aws, gcp, azure'],
    ],
    [
      'a region in words',
      withSites({ 'aws-1': { ...aws, region: 'Ohio, US' } }),
      ['sites.aws-1.region: found "Ohio, US"; allowed: a region as the cloud writes it'],
    ],
    [
      'a misspelt setting of a site',
      withSites({ 'aws-1': { ...aws, zone: 'a' } }),
      ['sites.aws-1.zone: not known here; check the spelling'],
    ],
    [
      'a root key that is none',
      withSites({ 'aws-1': { ...aws, rootKeys: { first: 'MFkw' } } }),
      ['sites.aws-1.rootKeys.first: found "MFkw"; allowed: \'pending\', or a public key on P-256'],
    ],
    [
      'three root keys',
      withSites({ 'aws-1': { ...aws, rootKeys: { a: 'pending', b: 'pending', c: 'pending' } } }),
      ['one root key, or two while one is replaced'],
    ],
    [
      'a root key of two sites',
      withSites({
        'aws-1': { ...aws, rootKeys: { first: publicKey } },
        'aws-2': { cloud: 'aws', region: 'eu-west-1', rootKeys: { first: 'pending', next: publicKey } },
      }),
      ['sites.aws-2.rootKeys.next: found the key of sites.aws-1.rootKeys.first; allowed: a key of its own'],
    ],
    [
      'a root key that signs before any peer can know it',
      withSites({ 'aws-1': { ...aws, rootKeys: { first: publicKey, next: 'pending' }, signsWith: 'next' } }),
      ["sites.aws-1.signsWith: found 'next'; allowed: first"],
    ],
    [
      'an ingest without TLS',
      withSites({ 'aws-1': { ...aws, ingest: 'http://ingest.example.org/' } }),
      ['sites.aws-1.ingest: found "http://ingest.example.org/"; allowed: the address of its ingest'],
    ],
    ['a misspelt setting of a type', withCarts({ tiers: 1 }), ['data.carts.tiers: not known here; check the spelling']],
    ['a misspelt part', { ...valid, dada: {} }, ['dada: not known here; check the spelling']],
    [
      'a type in capitals',
      { ...valid, data: { Carts: valid.data.carts } },
      [`data.Carts: a data type is named with 3 to 40 ${words}`],
    ],
    ['no such tier', withCarts({ tier: 4 }), ['data.carts.tier: found 4; allowed: one of 1, 2, 3']],
    [
      'three key fields',
      withCarts({ key: ['a', 'b', 'c'] }),
      ['data.carts.key: found ["a","b","c"]; allowed: one or two fields'],
    ],
    [
      'a key field twice',
      withCarts({ key: ['a', 'a'] }),
      ['data.carts.key: found ["a","a"]; allowed: each key field once'],
    ],
    [
      'a key field without a name',
      withCarts({ key: [''] }),
      ['data.carts.key.0: found ""; allowed: a field name is not empty'],
    ],
    ['no key', withCarts({ key: undefined }), ['data.carts.key: found nothing; allowed: ']],
    [
      'no merge type',
      withCarts({ merge: undefined }),
      ['data.carts.merge: found nothing; allowed: made with register()'],
    ],
    ['a merge type that is not called', withCarts({ merge: register }), ['data.carts.merge: found function register']],
    [
      'an unknown merge type',
      withCarts({ merge: { kind: 'poem' } }),
      ['data.carts.merge.kind: found "poem"; allowed: made with register(), counter()'],
    ],
    [
      'an unknown merge type below',
      withCarts({ merge: fields({ a: set({ kind: 'poem' } as never) }) }),
      ['data.carts.merge.fields.a.element.kind: found "poem"; allowed: made with register(), counter()'],
    ],
    [
      'a document that is a number',
      withCarts({ merge: counter() }),
      ['data.carts.merge: found {"kind":"counter"}; allowed: a document is an object'],
    ],
    [
      'an element without a name',
      withCarts({ merge: fields({ a: set(register(), { by: '' }) }) }),
      ['data.carts.merge.fields.a.by: found ""; allowed: a field name is not empty'],
    ],
    [
      'a key field that merges',
      withCarts({ merge: fields({ customer_id: counter() }) }),
      ['data.carts.merge.fields.customer_id: found a key field; a key never changes'],
    ],
    ['no site for a type', withCarts({ sites: [] }), ['data.carts.sites: found []; allowed: at least one site']],
    [
      'an unknown site',
      withCarts({ sites: ['aws-us-east-1', 'gcp-us'] }),
      ["data.carts.sites: found 'gcp-us'; allowed: aws-us-east-1, gcp-eu"],
    ],
  ])('%s', (_, declaration, starts) => {
    const faults = faultsOf(declaration)
    expect(faults).toHaveLength(starts.length)
    starts.forEach((start, index) => {
      expect(faults[index]).toContain(start)
    })
  })

  it.each(Object.getOwnPropertyNames(Object.prototype))('no site is called %s', name => {
    const named = withSites({ ...valid.sites, [name]: { cloud: 'aws', region: 'us-east-1' } })
    const faults = faultsOf(named)
    expect(faults.length).toBeGreaterThan(0)
    for (const fault of faults) expect(fault).toMatch(`sites.${name}: `)
  })

  it('an example of a resolver is a value of a document, whatever its fields are called', () => {
    const examples = [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":2}')]
    const resolve = (a: unknown, b: unknown) => (JSON.stringify(a) > JSON.stringify(b) ? a : b)
    expect(faultsOf({ ...valid, resolvers: { higher: { resolve, examples } } })).toEqual([])
  })

  it('all faults come at once, each on a line of its own', () => {
    const wrong = {
      sites: { 'aws-1': { cloud: 'ibm', region: 'us-east-1' }, 'gcp-1': { cloud: 'gcp', region: '?' } },
      data: { carts: { key: [''], tier: 9, merge: counter() }, Bad: { key: ['ref'], merge: register() } },
    }
    const faults = faultsOf(wrong)
    for (const path of [
      'sites.aws-1.cloud',
      'sites.gcp-1.region',
      'data.carts.key.0',
      'data.carts.tier',
      'data.carts.merge',
      'data.Bad',
    ]) {
      expect(faults.filter(fault => fault.startsWith(`${path}:`))).toHaveLength(1)
    }
    expect(() => define(wrong)).toThrow(
      `the declaration is not valid:\n${faults.map(fault => `  - ${fault}`).join('\n')}`,
    )
  })
})

describe('a plan', () => {
  it('is complete: what was left out has its default', () => {
    const compiled = define(valid)
    expect(compiled.types).toEqual([
      {
        name: 'carts',
        key: ['customer_id'],
        keyTypes: ['string'],
        omit: [],
        adopt: false,
        at: {
          aws: {
            table: 'carts',
            existing: false,
            feed: 'stream',
            key: [{ attribute: 'customer_id', template: '{customer_id}' }],
            keyAttributes: true,
          },
          gcp: { collection: 'carts', id: '{customer_id}', hashesLongIds: true },
          azure: {
            database: 'tributary',
            container: 'carts',
            existing: false,
            partition: { attribute: 'customer_id', template: '{customer_id}' },
            id: '{customer_id}',
            hashesLongIds: true,
          },
        },
        tier: 2,
        merge: { kind: 'fields', fields: { items: { kind: 'set', element: { kind: 'register' } } } },
        sites: ['aws-us-east-1', 'gcp-eu'],
      },
    ])
  })

  it('is frozen, all the way down', () => {
    const thawed: string[] = []
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) thawed.push(path)
      for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`)
    }
    visit(plan, 'plan')
    visit(
      define(withCarts({ sites: ['gcp-eu'], merge: fields({ a: set(fields({ b: counter() }), { by: 'c' }) }) })),
      'plan',
    )
    expect(thawed).toEqual([])
  })

  it('does not change with the declaration it was made from', () => {
    const sites = { 'aws-1': { cloud: 'aws' as const, region: 'us-east-1' } }
    const compiled = define({ ...valid, sites })
    sites['aws-1'].region = 'eu-west-1'
    expect(siteOf(compiled, 'aws-1').region).toBe('us-east-1')
  })

  it('has the same hash whenever the same is declared, in whatever order an object names its fields', () => {
    const turned = { data: { carts: { merge: valid.data.carts?.merge, key: ['customer_id'] } }, sites: valid.sites }
    expect(define(turned).hash).toBe(define(valid).hash)
    expect(define(valid).hash).toMatch(/^[\w-]{16}$/)
  })

  it('has the same hash with another address or root key: changes on their way are not held up by one', () => {
    const [[id, site] = ['', {}]] = Object.entries(valid.sites)
    const known = { ...site, ingest: 'https://ingest.example.org/', rootKeys: { first: publicKey } }
    const declared = define(withSites({ ...valid.sites, [id]: known }))
    expect(declared.hash).toBe(define(valid).hash)
    expect(siteOf(declared, id)).toMatchObject(known)
  })

  it('has another hash for every other declaration', () => {
    const aws = { cloud: 'aws', region: 'us-east-1' }
    const hashes = [
      valid,
      withSites({ ...valid.sites, 'aws-us-east-1': { ...aws, region: 'us-east-2' } }),
      withSites({ ...valid.sites, 'azure-1': { cloud: 'azure', region: 'eastus' } }),
      withSites({ 'aws-us-east-2': aws, 'gcp-eu': valid.sites['gcp-eu'] }),
      { ...valid, data: { baskets: valid.data.carts } },
      { ...valid, data: { ...valid.data, products: { key: ['ref'], merge: register() } } },
      withCarts({ tier: 1 }),
      withCarts({ key: ['customer'] }),
      withCarts({ key: ['customer_id', 'shop'] }),
      withCarts({ sites: ['gcp-eu'] }),
      withCarts({ merge: register() }),
      withCarts({ merge: fields({}) }),
      withCarts({ merge: fields({ items: set(counter()) }) }),
      withCarts({ merge: fields({ items: set(register(), { by: 'sku' }) }) }),
      withCarts({ merge: fields({ items: set(register(), { by: 'id' }) }) }),
      withCarts({ merge: fields({ items: set(fields({})) }) }),
      withCarts({ merge: fields({ lines: set(register()) }) }),
    ].map(declaration => define(declaration).hash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})

describe('what a site reads from the plan', () => {
  const three = define({
    sites: { ...valid.sites, 'azure-1': { cloud: 'azure', region: 'eastus' } },
    data: {
      carts: { key: ['ref'], merge: register(), sites: ['aws-us-east-1', 'gcp-eu'] },
      prices: { key: ['ref'], merge: register(), sites: ['azure-1'] },
    },
  })

  it('only the types that may be there', () => {
    expect(typesAt(three, 'gcp-eu').map(({ name }) => name)).toEqual(['carts'])
    expect(typesAt(three, 'azure-1').map(({ name }) => name)).toEqual(['prices'])
    expect(typeOf(three, 'carts')?.key).toEqual(['ref'])
    expect(typeOf(three, 'orders')).toBeUndefined()
  })

  it('only the peers with which it shares a type', () => {
    expect(peersOf(three, 'aws-us-east-1').map(({ id }) => id)).toEqual(['gcp-eu'])
    expect(peersOf(three, 'azure-1')).toEqual([])
  })

  it('an unknown site is named, with those there are', () => {
    expect(() => siteOf(three, 'aws')).toThrow("no site 'aws' in the plan; it has aws-us-east-1, gcp-eu, azure-1")
  })
})
