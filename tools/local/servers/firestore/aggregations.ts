/** count, sum and average over the documents of a query. */
import { fieldReader } from './field-paths.ts'
import type { Aggregation } from './messages.ts'
import { invalidArgument } from './refusal.ts'
import { numberOf } from './value-order.ts'
import {
  doubleValue,
  type Fields,
  type FirestoreDocument,
  type FirestoreValue,
  integerValue,
  nullValue,
} from './values.ts'

/** The results by alias. */
export function aggregate(documents: readonly FirestoreDocument[], aggregations: readonly Aggregation[]): Fields {
  return Object.fromEntries(
    aggregations.map((aggregation, index) => [
      aggregation.alias || `field_${index + 1}`,
      aggregateOne(documents, aggregation),
    ]),
  )
}

function aggregateOne(documents: readonly FirestoreDocument[], aggregation: Aggregation): FirestoreValue {
  switch (aggregation.operator) {
    case 'count': {
      const { upTo } = aggregation.count
      const count = BigInt(documents.length)
      return integerValue(upTo && BigInt(upTo.value) < count ? BigInt(upTo.value) : count)
    }
    case 'sum':
      return sum(numbers(documents, aggregation.sum.field.fieldPath))
    case 'avg':
      return average(numbers(documents, aggregation.avg.field.fieldPath))
    default:
      throw invalidArgument('An aggregation names no operator.')
  }
}

/** Whatever is no number does not count. */
function numbers(documents: readonly FirestoreDocument[], path: string): readonly (bigint | number)[] {
  const read = fieldReader(path)
  return documents.flatMap(document => {
    const value = read(document)
    const number = value && numberOf(value)
    return number === undefined ? [] : [number]
  })
}

/** An integer while all are integers and the sum fits 64 bits. */
function sum(values: readonly (bigint | number)[]): FirestoreValue {
  if (values.some(value => typeof value === 'number')) return doubleValue(total(values))
  const exact = values.reduce<bigint>((result, value) => result + BigInt(value), 0n)
  return BigInt.asIntN(64, exact) === exact ? integerValue(exact) : doubleValue(Number(exact))
}

function average(values: readonly (bigint | number)[]): FirestoreValue {
  return values.length === 0 ? nullValue : doubleValue(total(values) / values.length)
}

function total(values: readonly (bigint | number)[]): number {
  return values.reduce<number>((result, value) => result + Number(value), 0)
}
