/**
 * How objects are checked that have a value under each of their names, and came from outside. zod's own `record` passes over
 * `__proto__`, so that anything could stand there.
 */
import { isInheritedName } from '../document/inherited-name.ts'
import { isJsonObject, type Json } from '../document/json.ts'
import * as z from '../document/schema.ts'

export function named<Value extends z.ZodMiniType>(value: Value, isName: (name: string) => boolean = isAnyName) {
  return z.custom<{ readonly [name: string]: z.output<Value> }>(
    (object: unknown) =>
      // Its fields are asked one by one.
      isJsonObject(object as Json) &&
      Object.entries(Object(object)).every(([name, each]) => isName(name) && value.safeParse(each).success),
  )
}

/** Such as the applications' own names for their reservations; whoever reads them asks `Object.hasOwn`. */
function isAnyName(): boolean {
  return true
}

/** Of a site: none is called like something that every object has, and who reads by it need not ask. */
export function isSiteName(name: string): boolean {
  return name !== '' && !isInheritedName(name)
}

/** Of an epoch. */
export function isCount(name: string): boolean {
  return /^\d{1,15}$/.test(name)
}
