/** An adoption as text, the same in every store. */
import * as z from 'zod'
import type { Adoption } from '../../shared/ports/index.ts'

const adoption = z.object({ phase: z.enum(['noting', 'capturing', 'adopted']), sinceMs: z.number() })

export function adoptionText({ phase, sinceMs }: Adoption): string {
  return JSON.stringify({ phase, sinceMs })
}

/** Throws for a text that is none. */
export function readAdoption(text: unknown): Adoption | undefined {
  return text === undefined ? undefined : adoption.parse(JSON.parse(String(text)))
}
