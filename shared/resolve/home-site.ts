/** Which site decides about a record at first? */
import type { HomeDescriptor } from '../declare/merge-descriptor.ts'

export function homeSite({ at }: HomeDescriptor, key: readonly string[], sites: readonly string[]): string {
  if (at !== 'hash') return at
  // Spreads the records over the sites; the same wherever it is asked.
  const sum = [...key.join('\u0000')].reduce((hash, unit) => (Math.imul(hash, 31) + (unit.codePointAt(0) ?? 0)) | 0, 7)
  return sites[Math.abs(sum) % sites.length] ?? ''
}
