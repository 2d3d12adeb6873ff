/** Which documents does a `where` let through? Compiled once per query, so that paths are parsed once. */
import { fieldReader } from './field-paths.ts'
import type { Filter } from './messages.ts'
import { invalidArgument } from './refusal.ts'
import { compareValues, numberOf, sameOrder, typeRank } from './value-order.ts'
import type { FirestoreDocument, FirestoreValue } from './values.ts'

export type DocumentTest = (document: FirestoreDocument) => boolean
type ValueTest = (value: FirestoreValue) => boolean

/** Firestore's limits on the lists of `in` (and `array-contains-any`) and `not-in`. */
const disjunctionsMax = 30
const exclusionsMax = 10

const inequalities = new Set([
  'LESS_THAN',
  'LESS_THAN_OR_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_OR_EQUAL',
  'NOT_EQUAL',
  'NOT_IN',
  'IS_NOT_NAN',
  'IS_NOT_NULL',
])

/** Throws INVALID_ARGUMENT for a filter that Firestore would not run. */
export function compileFilter(filter: Filter): DocumentTest {
  switch (filter.filterType) {
    case 'compositeFilter': {
      const tests = filter.compositeFilter.filters.map(compileFilter)
      if (filter.compositeFilter.op === 'AND') return document => tests.every(test => test(document))
      if (filter.compositeFilter.op === 'OR') return document => tests.some(test => test(document))
      throw invalidArgument('A composite filter must be AND or OR.')
    }
    case 'fieldFilter':
      return fieldTest(filter.fieldFilter.field.fieldPath, comparison(filter.fieldFilter.op, filter.fieldFilter.value))
    case 'unaryFilter':
      return fieldTest(filter.unaryFilter.field.fieldPath, unaryTest(filter.unaryFilter.op))
    default:
      throw invalidArgument('A filter has no type.')
  }
}

/** The fields that a query is implicitly ordered by because it compares them by anything but equality. */
export function inequalityPaths(filter: Filter): readonly string[] {
  switch (filter.filterType) {
    case 'compositeFilter':
      return filter.compositeFilter.filters.flatMap(inequalityPaths)
    case 'fieldFilter':
      return inequalities.has(filter.fieldFilter.op) ? [filter.fieldFilter.field.fieldPath] : []
    case 'unaryFilter':
      return inequalities.has(filter.unaryFilter.op) ? [filter.unaryFilter.field.fieldPath] : []
  }
}

/** A document without the field never matches, not even `!=`. */
function fieldTest(path: string, test: ValueTest): DocumentTest {
  const read = fieldReader(path)
  return document => {
    const value = read(document)
    return value !== undefined && test(value)
  }
}

function comparison(op: string, operand: FirestoreValue): ValueTest {
  const ordered = (accepts: (order: number) => boolean): ValueTest => {
    const rank = typeRank(operand)
    return value => typeRank(value) === rank && accepts(compareValues(value, operand))
  }
  switch (op) {
    case 'EQUAL':
      return ordered(order => order === 0)
    case 'NOT_EQUAL':
      return value => !isNull(value) && !sameOrder(value, operand)
    case 'LESS_THAN':
      return ordered(order => order < 0)
    case 'LESS_THAN_OR_EQUAL':
      return ordered(order => order <= 0)
    case 'GREATER_THAN':
      return ordered(order => order > 0)
    case 'GREATER_THAN_OR_EQUAL':
      return ordered(order => order >= 0)
    case 'IN': {
      const choices = operandList(op, operand, disjunctionsMax)
      return value => choices.some(choice => sameOrder(choice, value))
    }
    case 'NOT_IN': {
      const excluded = operandList(op, operand, exclusionsMax)
      if (excluded.some(isNull)) return () => false
      return value => !isNull(value) && !excluded.some(choice => sameOrder(choice, value))
    }
    case 'ARRAY_CONTAINS':
      return value => elements(value).some(element => sameOrder(element, operand))
    case 'ARRAY_CONTAINS_ANY': {
      const choices = operandList(op, operand, disjunctionsMax)
      return value => elements(value).some(element => choices.some(choice => sameOrder(element, choice)))
    }
    default:
      throw invalidArgument(`Unknown filter operator ${op}.`)
  }
}

function unaryTest(op: string): ValueTest {
  switch (op) {
    case 'IS_NULL':
      return isNull
    case 'IS_NOT_NULL':
      return value => !isNull(value)
    case 'IS_NAN':
      return isNaNValue
    case 'IS_NOT_NAN':
      return value => !isNull(value) && !isNaNValue(value)
    default:
      throw invalidArgument(`Unknown filter operator ${op}.`)
  }
}

function operandList(op: string, operand: FirestoreValue, max: number): readonly FirestoreValue[] {
  if (operand.valueType !== 'arrayValue') throw invalidArgument(`'${op}' requires an array value.`)
  const { values } = operand.arrayValue
  if (values.length === 0) throw invalidArgument(`'${op}' requires a non-empty array value.`)
  if (values.length > max) throw invalidArgument(`'${op}' supports up to ${max} comparison values.`)
  return values
}

function elements(value: FirestoreValue): readonly FirestoreValue[] {
  return value.valueType === 'arrayValue' ? value.arrayValue.values : []
}

function isNull(value: FirestoreValue): boolean {
  return value.valueType === 'nullValue'
}

function isNaNValue(value: FirestoreValue): boolean {
  return Number.isNaN(numberOf(value))
}
