/**
 * Which declared field is meant by a path inside a document? Elements of sets are many and come and go: findings are
 * about the field that all of them have, `items.*.quantity`, and not about the tea.
 */
import type { MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { Path } from '../../shared/resolve/merge-type.ts'
import { composed } from '../../shared/resolve/parts.ts'

export interface DeclaredField {
  /** The document itself: empty. */
  readonly name: string
  /** How it merges; of an element of a set that came or went: `member`. */
  readonly merges: MergeDescriptor['kind'] | 'member'
  /** Names from the top that a store's own update can address; an array is the last of them. */
  readonly address: Path
  /** It lies inside an array, which no store updates by an element's identity. */
  readonly inArray: boolean
}

export function declaredField(merge: MergeDescriptor, path: Path): DeclaredField {
  let at = merge
  let name = ''
  let inArray = false
  let isMember = false
  const address: string[] = []
  for (const part of path) {
    const whole: MergeDescriptor = composed(at) ?? at
    isMember = whole.kind === 'set'
    if (whole.kind === 'set') {
      inArray ||= whole.by !== undefined
      name += whole.by === undefined ? '.*' : '[]'
      at = whole.element
    } else {
      name += `.${part}`
      at = (at.kind === 'fields' && Object.hasOwn(at.fields, part) ? at.fields[part] : undefined) ?? {
        kind: 'register',
      }
    }
    if (!inArray) address.push(part)
  }
  return { name: name.replace(/^\./, ''), merges: isMember ? 'member' : at.kind, address, inArray }
}
