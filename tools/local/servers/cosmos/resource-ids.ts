/**
 * The ids that the service gives to resources (`_rid`): Base64 of 4 bytes for a database, 8 for a container (the
 * clients check that length), 16 for an item.
 *
 * An item's id must besides sort, as text, in the order of creation within its partition and by partition within its
 * container: queries without ORDER BY answer in that order and continue after the last one.
 */
export function databaseRid(number: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return base64(bytes)
}

export function containerRid(databaseNumber: number, containerNumber: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(databaseNumber)
  bytes.writeUInt32BE(containerNumber, 4)
  return base64(bytes)
}

/** Hexadecimal digits are characters of Base64 too, and sort as the numbers do. */
export function itemRid(container: string, partitionIndex: number, number: number): string {
  const digits = number.toString(16).toUpperCase().padStart(10, '0')
  return `${container.slice(0, 10)}${partitionIndex}${digits}A==`
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('/', '-')
}
