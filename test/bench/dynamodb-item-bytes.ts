/**
 * The size of an item as DynamoDB counts and charges it: names and values, numbers by their digits.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

export function dynamoDbItemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)))
}

/** Of a list or map as such, and of each thing in it. */
const containerBytes = 3
const elementBytes = 1

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return numberBytes(value.N)
  if (value.B !== undefined) return value.B.length
  if (value.SS !== undefined) return sum(value.SS.map(text => Buffer.byteLength(text)))
  if (value.NS !== undefined) return sum(value.NS.map(numberBytes))
  if (value.BS !== undefined) return sum(value.BS.map(bytes => bytes.length))
  if (value.L !== undefined) return containerBytes + sum(value.L.map(element => elementBytes + valueBytes(element)))
  if (value.M !== undefined)
    return containerBytes + Object.keys(value.M).length * elementBytes + dynamoDbItemBytes(value.M)
  return 1
}

/** A byte for two significant digits, and one more; another one for a minus. */
function numberBytes(text: string): number {
  const digits = text
    .replace(/e.*$/i, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '')
  return Math.ceil(Math.max(1, digits.length) / 2) + 1 + (text.startsWith('-') ? 1 : 0)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
