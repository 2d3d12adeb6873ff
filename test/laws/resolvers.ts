/** Functions of a user's own as the laws need them: of what two sites wrote, the whole of both, the greater where they differ. */
import type { Resolvers } from '../../shared/declare/resolver.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import { isJsonObject, type Json } from '../../shared/document/json.ts'

export const resolvers: Resolvers = {
  union: {
    resolve: united,
    examples: [{ red: 1 }, { red: 2, blue: 'x' }, { blue: 'y', green: [] }],
  },
}

function united(a: Json, b: Json): Json {
  if (!isJsonObject(a) || !isJsonObject(b)) return canonicalText(a) >= canonicalText(b) ? a : b
  const fields = new Map(Object.entries(a))
  for (const [name, value] of Object.entries(b)) {
    const mine = fields.get(name)
    fields.set(name, mine === undefined ? value : united(mine, value))
  }
  return Object.fromEntries(fields)
}
