/**
 * Has every object something by this name (`constructor`, `__proto__`)? What we name ourselves, sites and data types, is
 * never called so: who reads by such a name gets a function where nothing is. Applications' names may be; who reads by
 * them asks `Object.hasOwn`.
 */
export function isInheritedName(name: string): boolean {
  return name in Object.prototype
}
