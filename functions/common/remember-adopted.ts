/** Once a type is adopted it stays so: an instance asks its store no more. */
import type { Adoption, AdoptionStore } from '../../shared/ports/index.ts'

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
