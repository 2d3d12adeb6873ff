/** Resolutions and dead letters as the functions stored them: our own JSON, read back for the command line. */
import { z } from 'zod'
import { unpackParts } from '../../functions/common/packed-parts.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'

const resolution = z.custom<Resolution>(hasField('id'))
const deadLetter = z.custom<DeadLetter>(hasField('kind'))

function hasField(name: string) {
  return (value: unknown) => typeof value === 'object' && value !== null && name in value
}

/** One entry of an audit store: a resolution, or a part of one that is larger than an entry. */
export type StoredResolution =
  | { readonly resolution: unknown }
  | { readonly id: string; readonly part: number; readonly packed: Uint8Array }

export async function readResolutions(entries: readonly StoredResolution[]): Promise<readonly Resolution[]> {
  const whole = entries.flatMap(entry => ('resolution' in entry ? [readResolution(entry.resolution)] : []))
  const parts = Map.groupBy(
    entries.flatMap(entry => ('packed' in entry ? [entry] : [])),
    ({ id }) => id,
  )
  const packed = [...parts.values()].map(async row => {
    const inOrder = row.toSorted((a, b) => a.part - b.part).map(({ packed }) => packed)
    return readResolution(await unpackParts(inOrder))
  })
  return [...whole, ...(await Promise.all(packed))]
}

function readResolution(value: unknown): Resolution {
  return resolution.parse(typeof value === 'string' ? JSON.parse(value) : value)
}

export function readDeadLetter(text: string): DeadLetter {
  return deadLetter.parse(JSON.parse(text))
}
