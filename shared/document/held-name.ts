/**
 * Under which name does a store hold a field whose own name it keeps for itself or cannot hold? With a `$` before it:
 * Cosmos holds `id` as `$id`. A name that is of that form already gets one `$` more, so that no two names meet and every
 * name reads back as it was. A field without a name is held as `$empty`.
 */
const emptyName = 'empty'

/** `isTaken`: the store cannot hold a field by this name. */
export function heldName(name: string, isTaken: (name: string) => boolean): string {
  if (name === '') return isTaken('') ? `$${emptyName}` : name
  return isEscape(withoutMarks(name), name, isTaken) ? `$${name}` : name
}

/** The inverse, for every name that `heldName` gives. */
export function nameHeldAs(held: string, isTaken: (name: string) => boolean): string {
  if (!held.startsWith('$')) return held
  if (held === `$${emptyName}` && isTaken('')) return ''
  return isEscape(withoutMarks(held), held, isTaken) ? held.slice(1) : held
}

/** `core` without its marks is a name that needs one. */
function isEscape(core: string, name: string, isTaken: (name: string) => boolean): boolean {
  return (core !== '' && isTaken(core)) || (core === emptyName && name !== core && isTaken(''))
}

function withoutMarks(name: string): string {
  return name.replace(/^\$+/, '')
}
