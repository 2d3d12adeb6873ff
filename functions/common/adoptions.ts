/** How far each type's adoption is, in the store that steers the site. */
import * as z from '../../shared/document/schema.ts'
import type { Adoption, AdoptionStore, ControlStore } from '../../shared/ports/index.ts'

const adoption = z.object({ phase: z.enum(['noting', 'capturing', 'adopted']), sinceMs: z.number() })

export function adoptionsIn(control: ControlStore): AdoptionStore {
  const nameOf = (type: string) => `adoption-${type}`
  return {
    async read(type) {
      const text = await control.read(nameOf(type))
      return text === undefined ? undefined : adoption.parse(JSON.parse(text))
    },
    write: (type, { phase, sinceMs }) => control.write(nameOf(type), JSON.stringify({ phase, sinceMs })),
  }
}

/** Once a type is adopted it stays so: an instance asks its store no more. */
export function rememberAdopted(store: AdoptionStore): AdoptionStore {
  const adopted = new Map<string, Adoption>()
  return {
    ...store,
    async read(type) {
      const known = adopted.get(type) ?? (await store.read(type))
      if (known?.phase === 'adopted') adopted.set(type, known)
      return known
    },
  }
}
