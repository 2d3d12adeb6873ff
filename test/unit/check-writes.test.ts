/** What the linter makes of the evidence. A verdict that is too bold accuses honest code; a vague remedy helps nobody. */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'
import type { SetBack, StaleWriteBack } from '../../shared/replicate/write-back.ts'
import { findBlindWrites } from '../../tools/check-writes/blind-writes.ts'
import { declaredField } from '../../tools/check-writes/declared-field.ts'

const merge = fields({
  items: set(fields({ quantity: counter() })),
  lines: set(fields({ quantity: counter() }), { by: 'sku' }),
  visits: counter(),
})
const plan = defineSync({
  sites: {
    aws: { cloud: 'aws', region: 'us-east-1' },
    gcp: { cloud: 'gcp', region: 'us-central1' },
    azure: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    carts: { key: ['customer_id'], merge },
    products: { key: ['product_id'], merge: register() },
  },
})

let ids = 0

function entry(setBack: readonly Partial<SetBack>[], other: Partial<StaleWriteBack> = {}): StaleWriteBack {
  ids += 1
  const whole = setBack.map((one): SetBack => {
    return { path: ['currency'], kind: 'value', exact: true, undone: '"CZK"', by: ['gcp', 7], ...one }
  })
  return {
    kind: 'stale-write-back',
    id: String(ids),
    ...{ site: 'aws', origin: 'aws', type: 'carts', key: ['alice'], from: ids, to: ids + 1 },
    atMs: Date.UTC(2026, 10, 20) + ids,
    setBack: whole,
    alsoChanged: 0,
    ...other,
  }
}

const verdicts = (...entries: readonly StaleWriteBack[]) =>
  findBlindWrites(plan, entries).map(({ field, verdict }) => `${field} ${verdict}`)

const quantity = { path: ['items', 'tea', 'quantity'], kind: 'amount', undone: '5', written: '2' } as const
const mug = { path: ['items', 'mug'], kind: 'member' } as const

describe('a finding', () => {
  it.each<[string, readonly StaleWriteBack[], readonly string[]]>([
    ['a field set back once', [entry([{}])], ['currency possible']],
    ['beside another change', [entry([{}], { alsoChanged: 1 })], ['currency likely']],
    ['twice', [entry([{}]), entry([{}], { key: ['bob'] })], ['currency likely']],
    ['two fields by one write', [entry([{}, { path: ['note'] }])], ['currency possible', 'note possible']],
    [
      'a count, however often',
      [1, 2, 3].map(() => entry([quantity], { alsoChanged: 1 })),
      ['items.*.quantity possible'],
    ],
    [
      'a count beside a plain field',
      [entry([{}, quantity], { alsoChanged: 1 })],
      ['currency likely', 'items.*.quantity likely'],
    ],
    [
      'a count set to something else beside a plain field',
      [entry([{}, { ...quantity, exact: false }], { alsoChanged: 1 })],
      ['currency likely', 'items.*.quantity possible'],
    ],
    ['an element gone once', [entry([mug], { alsoChanged: 1 })], ['items.* possible']],
    ['elements gone twice', [1, 2].map(() => entry([mug], { alsoChanged: 1 })), ['items.* likely']],
  ])('of %s', (_, entries, expected) => {
    expect(verdicts(...entries)).toEqual(expected)
  })

  it('counts the writes and records of one field at one site, and shows the latest', () => {
    const at = (number: number, key: string) => entry([{ undone: `${number}` }], { key: [key], alsoChanged: 1 })
    const entries = [at(1, 'alice'), at(2, 'bob'), at(3, 'alice'), at(4, 'alice')]
    const [finding, ...others] = findBlindWrites(plan, [...entries, entry([{}], { site: 'gcp', origin: 'gcp' })])
    expect(finding).toMatchObject({ site: 'aws', cloud: 'aws', type: 'carts', writes: 4, records: 2 })
    expect(finding?.examples.map(({ undone, by }) => `${undone} of ${by}`)).toEqual([
      '4 of gcp',
      '3 of gcp',
      '2 of gcp',
    ])
    expect(others.map(({ site, verdict }) => `${site} ${verdict}`)).toEqual(['gcp possible'])
  })

  it('is not made for a type or a site that the declaration does not have any more', () => {
    expect(verdicts(entry([{}], { type: 'gone' }), entry([{}], { site: 'gone' }))).toEqual([])
  })
})

describe('the declared field', () => {
  it.each([
    [['currency'], 'currency', 'register', ['currency'], false],
    [['address', 'city'], 'address.city', 'register', ['address', 'city'], false],
    [['visits'], 'visits', 'counter', ['visits'], false],
    [['items', 'tea'], 'items.*', 'member', ['items', 'tea'], false],
    [['items', 'tea', 'quantity'], 'items.*.quantity', 'counter', ['items', 'tea', 'quantity'], false],
    [['items', 'tea', 'note'], 'items.*.note', 'register', ['items', 'tea', 'note'], false],
    [['lines', '"tea"'], 'lines[]', 'member', ['lines'], true],
    [['lines', '"tea"', 'quantity'], 'lines[].quantity', 'counter', ['lines'], true],
    [['constructor'], 'constructor', 'register', ['constructor'], false],
  ])('at %j is %s', (path, name, merges, address, inArray) => {
    expect(declaredField(merge, path)).toEqual({ name, merges, address, inArray })
  })
})

describe('the remedy', () => {
  const remedyOf = (site: string, setBack: Partial<SetBack>, other: Partial<StaleWriteBack> = {}) =>
    findBlindWrites(plan, [entry([{ written: '1', ...setBack }], { site, ...other })])[0]?.remedy

  it.each([
    ['aws', "UpdateExpression: 'SET #0.#1.#2 = #0.#1.#2 + :step'"],
    ['gcp', "firestore.doc('carts/alice').update(new FieldPath('items', 'tea', 'quantity'), FieldValue.increment(1))"],
    ['azure', "container.item('alice', 'alice').patch([{ op: 'incr', path: '/items/tea/quantity', value: 1 }])"],
  ])('for what is counted, at %s, is an increment', (site, code) => {
    const remedy = remedyOf(site, quantity)
    expect(remedy?.kind).toBe('atomic increment')
    expect(remedy?.code).toContain(code)
  })

  it.each([
    ['aws', "ExpressionAttributeNames: { '#0': 'it\\'s', '#1': 'a/b' }"],
    ['gcp', "new FieldPath('it\\'s', 'a/b'), value)"],
    ['azure', "path: '/it\\'s/a~1b', value }"],
  ])('for a plain field, at %s, is an update of it, whatever it is called', (site, code) => {
    const remedy = remedyOf(site, { path: ["it's", 'a/b'] }, { type: 'products', key: ['p1'] })
    expect(remedy?.kind).toBe('field update')
    expect(remedy?.code).toContain(code)
  })

  it.each([
    ['aws', "ConditionExpression: '#0 = :asRead'"],
    ['gcp', 'lastUpdateTime: read.updateTime'],
    ['azure', "accessCondition: { type: 'IfMatch', condition: resource._etag }"],
  ])('inside an array, at %s, is a condition', (site, code) => {
    const remedy = remedyOf(site, { path: ['lines', '"tea"', 'quantity'], kind: 'amount' })
    expect(remedy?.kind).toBe('condition')
    expect(remedy?.code).toContain(code)
  })

  it('for what a whole document left out is to remove it by name where that is meant', () => {
    const [finding] = findBlindWrites(plan, [entry([mug], { alsoChanged: 1 })])
    expect(finding?.remedy.code).toContain("UpdateExpression: 'REMOVE #0.#1'")
  })
})
