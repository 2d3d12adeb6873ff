/**
 * How a declaration says what merges how: plain data, so that a plan can be hashed, printed and handed to
 * infrastructure. The implementations are in `shared/resolve`, one file for each kind.
 */
export type MergeDescriptor = RegisterDescriptor | CounterDescriptor | SetDescriptor | FieldsDescriptor

/** How a whole document merges: what needs decisions, not only joins, stands alone at the top. */
export type DocumentDescriptor = MergeDescriptor | LedgerDescriptor

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

/** The words of the status field. An application writes `request`, `cancel`, `confirm` and `done`; Tributary the others. */
export interface LedgerWords {
  readonly request: string
  readonly yes: string
  readonly no: string
  readonly cancel: string
  readonly confirm: string
  readonly confirmed: string
  readonly expired: string
  readonly done: string
}

/** One site decides for all. */
export interface HomeDescriptor {
  readonly by: 'home'
  /** Which one at first: a site, or spread over all of them by the record's key. */
  readonly at: string
  /** `majority`: a verdict is shown once most sites have it, and the home can move. `home`: at once, and it cannot. */
  readonly fixed: 'majority' | 'home'
}

export interface LedgerDescriptor {
  readonly kind: 'ledger'
  /** The field with the amount that there is: a counter. */
  readonly stock: string
  /** The field with the reservations: `{ <id>: { <quantity>, <status>, ... } }`. */
  readonly entries: string
  /** The field into which Tributary writes what is not held. */
  readonly available: string
  readonly quantity: string
  readonly status: string
  /** The field of a reservation with the second since 1970 at which an unconfirmed one is given up. */
  readonly expires?: string
  readonly words: LedgerWords
  readonly decide: HomeDescriptor
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

export const ledgerWords: LedgerWords = {
  request: 'requested',
  yes: 'accepted',
  no: 'rejected',
  cancel: 'cancelled',
  confirm: 'confirming',
  confirmed: 'confirmed',
  expired: 'expired',
  done: 'done',
}

/** One site decides; `hash` spreads the records over all sites. */
export function home({ at = 'hash', fixed = 'majority' }: Partial<Omit<HomeDescriptor, 'by'>> = {}): HomeDescriptor {
  return { by: 'home', at, fixed }
}

/**
 * Reservations against a stock, of which never more are accepted than there is. Applications write the word for a request
 * into a reservation's status field and read the verdict there.
 */
export function ledger({
  words = {},
  decide = home(),
  ...names
}: Omit<LedgerDescriptor, 'kind' | 'words' | 'decide'> & {
  readonly words?: Partial<LedgerWords>
  readonly decide?: HomeDescriptor
}): LedgerDescriptor {
  return { kind: 'ledger', ...names, words: { ...ledgerWords, ...words }, decide }
}

/** The parts of a document as far as they merge by joins: all that counts where documents are compared, not states. */
export function joinedParts(descriptor: DocumentDescriptor): MergeDescriptor {
  if (descriptor.kind !== 'ledger') return descriptor
  const { stock, entries } = descriptor
  return fields({ [stock]: counter(), [entries]: set(fields()) })
}
