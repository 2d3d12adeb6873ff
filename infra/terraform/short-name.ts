/** A name that fits where a cloud allows fewer characters than a site's id may have; the same every time. */
import { createHash } from 'node:crypto'

const hashLength = 6

export function shortName(name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashLength)
  return `${name.slice(0, lengthMax - hashLength - 1).replace(/-$/, '')}-${hash}`
}
