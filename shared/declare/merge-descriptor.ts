/**
 * How a declaration says what merges how: plain data, so that a plan can be hashed, printed and handed to
 * infrastructure. The implementations are in `shared/resolve`, one file for each kind.
 */
export type MergeDescriptor = RegisterDescriptor | CounterDescriptor | SetDescriptor | FieldsDescriptor

export interface RegisterDescriptor {
  readonly kind: 'register'
}

export interface CounterDescriptor {
  readonly kind: 'counter'
}

export interface SetDescriptor {
  readonly kind: 'set'
  readonly element: MergeDescriptor
  /** The field that names an element of an array; without it the set is a map keyed by identity. */
  readonly by?: string
}

export interface FieldsDescriptor {
  readonly kind: 'fields'
  readonly fields: { readonly [name: string]: MergeDescriptor }
}

/** One value as a whole: the latest of concurrent writes wins, the others are in the audit. */
export function register(): RegisterDescriptor {
  return { kind: 'register' }
}

/** A number that sites add to and subtract from: concurrent changes add up. */
export function counter(): CounterDescriptor {
  return { kind: 'counter' }
}

/**
 * Elements that are added and removed: a map `{ <identity>: element }`, or an array whose elements carry their
 * identity in the field `by`. Removing takes away what the remover saw; what it did not see stays.
 */
export function set(element: MergeDescriptor, options: { readonly by?: string } = {}): SetDescriptor {
  return options.by === undefined ? { kind: 'set', element } : { kind: 'set', element, by: options.by }
}

/** An object whose fields merge one by one. A field that is not named is a register of its own. */
export function fields(named: { readonly [name: string]: MergeDescriptor } = {}): FieldsDescriptor {
  return { kind: 'fields', fields: named }
}
