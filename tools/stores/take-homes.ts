/** A site's part in moving the homes of a data type to it: remembers it, and claims every record that there is. */
import { systemClock } from '../../functions/common/system-clock.ts'
import { takeOver } from '../../shared/replicate/take-over.ts'
import { createTakenHomes, homesName, homesText, readHomes } from '../../shared/replicate/taken-homes.ts'
import type { TakingOver } from '../../shared/resolve/merge-type.ts'
import type { SiteStores } from './site-stores.ts'

export interface TakenRecords {
  /** Records of the type at this site, and how many of them were claimed. */
  readonly seen: number
  readonly claimed: number
}

export async function takeHomes(
  { type, homes, turn }: TakingOver & { readonly type: string },
  { control, ports, records }: Pick<SiteStores, 'control' | 'ports' | 'records'>,
): Promise<TakenRecords> {
  await control.write(homesName, homesText({ ...readHomes(await control.read(homesName)), [type]: { homes, turn } }))
  // What was read before may be remembered a while.
  const claiming = { ...ports, homes: createTakenHomes({ control, clock: systemClock }) }
  let seen = 0
  let claimed = 0
  for await (const { ref } of records(type)) {
    seen++
    if ((await takeOver(ref, claiming)) === 'claimed') claimed++
  }
  return { seen, claimed }
}
