/**
 * Queries in Cosmos DB's SQL, by `@zeit/cosmosdb-query`.
 *
 * It lacks GROUP BY, DISTINCT VALUE, OFFSET LIMIT and LIKE: these are refused with 400. Continuations name the next
 * item by `_rid`, so writes between two pages neither repeat nor skip others.
 */
import { createRequire } from 'node:module'
import { z } from 'zod'
import type { Document, Json } from '../../../../shared/document/json.ts'
import { jsonSchema } from './http-exchange.ts'
import { badRequest } from './refusal.ts'

interface Query {
  exec(
    documents: readonly Document[],
    options: {
      readonly parameters: readonly QueryParameter[]
      readonly maxItemCount?: number
      readonly continuation?: { readonly token: string }
      readonly compositeIndexes?: CompositeIndexes
    },
  ): { readonly result: readonly Json[]; readonly continuation: { readonly token: string } | null }
}

/** The package's own types are published under a wrong name, and its default export differs between module loaders. */
const library: { default(query: string): Query } = createRequire(import.meta.url)('@zeit/cosmosdb-query')

type QueryParameter = { readonly name: string; readonly value: Json }
type CompositeIndexes = readonly (readonly { readonly path: string; readonly order: 'ascending' | 'descending' }[])[]

export const sqlQuerySchema = z.object({
  query: z.string(),
  parameters: z.array(z.object({ name: z.string().startsWith('@'), value: jsonSchema })).default([]),
})
export type SqlQuery = z.infer<typeof sqlQuerySchema>

export interface QueryPage {
  readonly results: readonly Json[]
  /** Where the next page begins, `undefined` after the last. */
  readonly continuation: string | undefined
}

export interface Paging {
  readonly size: number
  readonly continuation: string | undefined
  /** Ordering by several properties needs one that matches, as in the service. */
  readonly compositeIndexes: CompositeIndexes
}

/** One page of the answer over `documents`; in the order of `_rid` where the query does not say. Throws 400. */
export function runQuery(documents: readonly Document[], { query, parameters }: SqlQuery, paging: Paging): QueryPage {
  const page = refusingErrors(() =>
    library.default(query).exec(linearlyReduced(documents), {
      parameters,
      maxItemCount: paging.size,
      compositeIndexes: paging.compositeIndexes,
      ...(paging.continuation === undefined ? {} : { continuation: { token: paging.continuation } }),
    }),
  )
  return { results: page.result, continuation: page.continuation?.token }
}

/** Whether a document satisfies `from c where ...`. Throws 400 for what cannot be run. */
export function satisfies(document: Document, condition: string): boolean {
  return (
    refusingErrors(() => library.default(`SELECT * ${condition}`).exec([document], { parameters: [] })).result.length >
    0
  )
}

/**
 * The library makes its rows by `documents.reduce((rows, document) => [...rows, row], [])`: with 100,000 documents that
 * takes minutes. As each step only appends, one pass over the documents gives the same rows.
 */
function linearlyReduced(documents: readonly Document[]): readonly Document[] {
  type Append = (rows: readonly unknown[], document: Document) => readonly unknown[]
  const reduce = (append: Append) => documents.flatMap(document => append([], document))
  return Object.assign([...documents], { reduce })
}

function refusingErrors<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (thrown) {
    throw badRequest(`The query cannot be run. ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}
