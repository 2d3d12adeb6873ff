/** A site takes over what a lost one has left of its rights to the records of a data type: once, of those that there are. */
import { takeOver } from '../../shared/replicate/take-over.ts'
import type { SiteStores } from './site-stores.ts'

export interface WrittenOff {
  /** Records of the type at this site, and of how many rights were written off. */
  readonly seen: number
  readonly writtenOff: number
}

export async function writeOff(
  { type, site, most }: { readonly type: string; readonly site: string; readonly most: number },
  { ports, records }: Pick<SiteStores, 'ports' | 'records'>,
): Promise<WrittenOff> {
  // A word for now, not a standing one: what the site gets later, if it is not lost after all, stays its own.
  const ordered = { ...ports, homes: { of: async () => ({ homes: [site], turn: 0, most }) } }
  let seen = 0
  let writtenOff = 0
  for await (const { ref } of records(type)) {
    seen++
    if ((await takeOver(ref, ordered)) === 'claimed') writtenOff++
  }
  return { seen, writtenOff }
}
