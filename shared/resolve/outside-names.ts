/** Which names an object of a book may have that came from outside. */
import { isInheritedName } from '../document/inherited-name.ts'

/** Of a site: none is called like something that every object has, and who reads by it need not ask. */
export function isSiteName(name: string): boolean {
  return name !== '' && !isInheritedName(name)
}

/** Of an epoch. */
export function isCount(name: string): boolean {
  return /^\d{1,15}$/.test(name)
}
