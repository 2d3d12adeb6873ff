/**
 * Google's Firestore refuses a query that no index serves; the local one asks for none. So every query of the audit log
 * must find its index in the file that is deployed.
 */
import { readFileSync } from 'node:fs'
import { Firestore, Query } from '@google-cloud/firestore'
import { afterAll, expect, it, vi } from 'vitest'
import { createFirestoreAuditLog } from '../../functions/gcp/audit-log.ts'
import { auditStoreName } from '../../shared/declare/resource-names.ts'
import type { AuditFilter } from '../../shared/ports/index.ts'

interface Index {
  readonly collectionGroup: string
  readonly fields: readonly { readonly fieldPath: string; readonly order?: string; readonly arrayConfig?: string }[]
}

interface Override {
  readonly collectionGroup: string
  readonly fieldPath: string
  readonly ttl?: boolean
  readonly indexes: readonly unknown[]
}

const file: { readonly indexes: readonly Index[]; readonly fieldOverrides: readonly Override[] } = JSON.parse(
  readFileSync(new URL('../../functions/gcp/firestore.indexes.json', import.meta.url), 'utf8'),
)
const firestore = new Firestore({ projectId: 'none' })
afterAll(() => firestore.terminate())

/** What the query asks of an index: equal fields in any order, then the order. */
function needsOf(query: object) {
  const { where, orderBy } = JSON.parse(
    JSON.stringify(Reflect.apply(Reflect.get(query, 'toProto'), query, [])),
  ).structuredQuery
  const filters: readonly { fieldFilter: { field: { fieldPath: string }; op: string } }[] =
    where.compositeFilter.filters
  const equal = filters.flatMap(({ fieldFilter: { field, op } }) =>
    op === 'EQUAL' || op === 'ARRAY_CONTAINS' ? [`${field.fieldPath} ${op}`] : [],
  )
  const [order]: readonly { field: { fieldPath: string }; direction: string }[] = orderBy
  return [...equal.toSorted(), `${order?.field.fieldPath} ${order?.direction}`].join(', ')
}

function servedBy({ fields }: Index): string {
  const last = fields.at(-1)
  const equal = fields
    .slice(0, -1)
    .map(({ fieldPath, arrayConfig }) => `${fieldPath} ${arrayConfig ? 'ARRAY_CONTAINS' : 'EQUAL'}`)
  return [...equal.toSorted(), `${last?.fieldPath} ${last?.order}`].join(', ')
}

const filters: readonly Partial<AuditFilter>[] = [
  {},
  { fromMs: 1, untilMs: 2 },
  { key: ['a'] },
  { rule: 'sum' },
  { review: true },
  { key: ['a'], rule: 'sum', review: true, fromMs: 1 },
  { rule: 'sum', review: true },
]

it.each(filters.flatMap(filter => (['newest', 'oldest'] as const).map(order => ({ ...filter, order }))))(
  'a query %j finds its index',
  async filter => {
    const needs: string[] = []
    const get = vi.spyOn(Query.prototype, 'get').mockImplementation(function (this: object) {
      needs.push(needsOf(this))
      return Promise.resolve({ docs: [] }) as never
    })
    await createFirestoreAuditLog(firestore).query({ type: 'carts', limit: 10, ...filter })
    get.mockRestore()
    const served = file.indexes.map(servedBy)
    expect(needs).toHaveLength(filter.key ? 1 : 10)
    for (const need of needs) expect(served).toContain(need)
  },
)

it('no index over a time is without the shard, so that writes are not held to 500 a second', () => {
  const exempt = file.fieldOverrides.filter(({ indexes }) => indexes.length === 0).map(({ fieldPath }) => fieldPath)
  expect(exempt).toEqual(expect.arrayContaining(['at', 'expiresAt']))
  for (const { fields } of file.indexes) expect(fields[0]?.fieldPath).toBe('shard')
  expect(new Set([...file.indexes, ...file.fieldOverrides].map(each => each.collectionGroup))).toEqual(
    new Set([auditStoreName]),
  )
  expect(file.fieldOverrides.filter(({ ttl }) => ttl).map(({ fieldPath }) => fieldPath)).toEqual(['expiresAt'])
})
