/**
 * The names of an object's fields in the order of their UTF-16 units: states are written in it, so that equal ones are
 * written alike. To look whether names are in order is cheaper than to sort them, and most are.
 */
type Named = Readonly<Record<string, unknown>>

/** The names that either of two objects has, in order. */
export function namesOf(a: Named, b: Named): readonly string[] {
  const names = Object.keys(a)
  for (const name of Object.keys(b)) if (!Object.hasOwn(a, name)) names.push(name)
  return inOrder(names)
}

/** The same of names themselves; `names` are in order, and stay as they are. */
export function namesWith(names: readonly string[], others: readonly string[]): readonly string[] {
  if (names.length === 0) return inOrder([...others])
  if (others.length === 0) return names
  const known = new Set(names)
  const added = others.filter(name => !known.has(name))
  return added.length === 0 ? names : inOrder([...names, ...added])
}

/** Sorts the names in place, if they are not in order already. */
export function inOrder(names: string[]): readonly string[] {
  return isInOrder(names) ? names : names.sort()
}

export function isInOrder(names: readonly string[]): boolean {
  for (let index = 1; index < names.length; index++) if ((names[index] ?? '') < (names[index - 1] ?? '')) return false
  return true
}
