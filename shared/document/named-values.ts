/**
 * How objects are read that have a value under each of their names, and came from outside. zod's own `record` passes over
 * `__proto__`: what stands there would be lost, or not looked at.
 */
import * as z from './schema.ts'

export function namedValues<Value extends z.ZodMiniType>(value: Value, isName: (name: string) => boolean = isAnyName) {
  return z.pipe(
    z.custom<Readonly<Record<string, unknown>>>(
      object => typeof object === 'object' && object !== null && !Array.isArray(object),
    ),
    z.transform((object, { issues }): { readonly [name: string]: z.output<Value> } => {
      const fields: [name: string, z.output<Value>][] = []
      for (const [name, each] of Object.entries(object)) {
        if (!isName(name)) issues.push({ code: 'custom', input: name, path: [name], message: 'a name of this kind' })
        const read = value.safeParse(each)
        if (read.success) fields.push([name, read.data])
        else for (const { path, message } of read.error.issues) issues.push(issueAt([name, ...path], message, each))
      }
      return Object.fromEntries(fields)
    }),
  )
}

function issueAt(path: PropertyKey[], message: string, input: unknown) {
  return { code: 'custom' as const, path, message, input }
}

/** Such as the applications' own names for their reservations; whoever reads them asks `Object.hasOwn`. */
function isAnyName(): boolean {
  return true
}
