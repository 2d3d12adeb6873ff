/**
 * What an operation costs in request units, roughly: enough to compare two ways of doing something, not to plan a bill.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/request-units (1 for a read of 1 KB, about 5 for a write of it).
 */
const readPerKilobyte = 1
const writePerKilobyte = 5

export function readCharge(bytes: number): number {
  return readPerKilobyte * kilobytes(bytes)
}

export function writeCharge(bytes: number): number {
  return writePerKilobyte * kilobytes(bytes)
}

function kilobytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024))
}
