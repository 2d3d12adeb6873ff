/** Which fields of a resource does an update change? Those its mask names, whole. */
import { invalidArgument } from './rpc-error.ts'
import type { WireFieldMask } from './wire.ts'

/** `current` with the masked fields of `update`. Throws INVALID_ARGUMENT for a field outside `updatable`. */
export function applyFieldMask<T extends object>(
  current: T,
  update: T,
  mask: WireFieldMask | null,
  updatable: readonly string[],
): T {
  if (!mask || mask.paths.length === 0) throw invalidArgument('The update_mask must name at least one field')
  const fields = new Set(mask.paths.map(toCamelCase))
  for (const field of fields) {
    if (!updatable.includes(field)) {
      throw invalidArgument(`Invalid update_mask: "${field}" is not a whole field that can be updated`)
    }
  }
  const changed = Object.entries(update).filter(([field]) => fields.has(field))
  return { ...current, ...Object.fromEntries(changed) }
}

function toCamelCase(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
