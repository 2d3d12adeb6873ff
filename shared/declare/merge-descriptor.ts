/**
 * How a declaration says what merges how: plain data, so that a plan can be hashed, printed and handed to
 * infrastructure. The implementations are in `shared/resolve`, one file for each kind.
 */
import type { BestFeedDescriptor } from './feed-descriptor.ts'

export type MergeDescriptor =
  | OneValueDescriptor
  | CounterDescriptor
  | SetDescriptor
  | FieldsDescriptor
  | AppendOnlyDescriptor

/** One value as a whole: of concurrent ones each of these chooses in its own way. */
export type OneValueDescriptor =
  | RegisterDescriptor
  | HighestDescriptor
  | SiblingsDescriptor
  | AuthorityDescriptor
  | CustomDescriptor

/** How a whole document merges: what needs decisions, not only joins, stands alone at the top. */
export type DocumentDescriptor =
  | MergeDescriptor
  | LedgerDescriptor
  | EventLogDescriptor
  | TextDescriptor
  | BestFeedDescriptor

export interface RegisterDescriptor {
  readonly kind: 'register'
  /** Concurrent values that differ are flagged: somebody should look at them. */
  readonly review?: true
}

export interface HighestDescriptor {
  readonly kind: 'highest'
  /** The field that is compared; without it the value itself is. */
  readonly by?: string
}

export interface SiblingsDescriptor {
  readonly kind: 'siblings'
}

/** Whose write counts more than others that are concurrent to it. */
export type AuthorityOf =
  | { readonly by: 'site'; readonly site: string }
  /** The site that ingests the source which a value names in `field`. */
  | { readonly by: 'source'; readonly field: string; readonly sites: { readonly [source: string]: string } }

export interface AuthorityDescriptor {
  readonly kind: 'authority'
  readonly of: AuthorityOf
  /** What becomes of a write at any other site: it counts like others, or it is undone at once. */
  readonly passive: 'accept' | 'refuse'
}

export interface CustomDescriptor {
  readonly kind: 'custom'
  /** Of the function among the declaration's resolvers. */
  readonly name: string
  /** To be counted up when the function changes: sites that run different ones then wait for each other. */
  readonly version: number
}

export interface AppendOnlyDescriptor {
  readonly kind: 'appendOnly'
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
  readonly revoked: string
}

/** One site decides for all. */
export interface HomeDescriptor {
  readonly by: 'home'
  /** Which one at first: a site, or spread over all of them by the record's key. */
  readonly at: string
  /** `majority`: a verdict is shown once most sites have it, and the home can move. `home`: at once, and it cannot. */
  readonly fixed: 'majority' | 'home'
}

/** Every site decides at once, within its share. */
export interface EscrowDescriptor {
  readonly by: 'escrow'
  /** Of a hundred parts of what is brought in, how many each site gets; what is left stays where it was brought in. */
  readonly shares: { readonly [site: string]: number }
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
  readonly decide: HomeDescriptor | EscrowDescriptor
  /**
   * Stock is taken away below what is held. `keep`: it stays so, and is told. `revokeLatest`: the home gives up what it
   * accepted last, as far as nobody has confirmed it.
   */
  readonly shortage: 'keep' | 'revokeLatest'
}

/** Which status may follow which. Every status has a line in `transitions`, a final one an empty list. */
export interface StateMachine {
  readonly initial: string
  readonly transitions: { readonly [status: string]: readonly string[] }
}

/** The words of an entry's status. An application writes `request`; Tributary the others. */
export interface EntryWords {
  readonly request: string
  readonly yes: string
  readonly no: string
}

/** The field with the events that applications add: `{ <id>: { <to>: 'captured', <status>: 'requested', ... } }`. */
export interface EntriesDescriptor {
  readonly field: string
  /** The field of an entry with the status that it leads to. */
  readonly to: string
  /** The field of an entry with its verdict. */
  readonly status: string
  readonly words: EntryWords
}

/** With `settled` an optimistic log, else a strict one. */
export interface EventLogDescriptor {
  readonly kind: 'eventLog'
  readonly machine: StateMachine
  /** Without `entries` applications write it, and it may be set back; with them Tributary writes it. */
  readonly status: string
  /** The field into which Tributary writes the status that nothing will take back. */
  readonly settled?: string
  readonly entries?: EntriesDescriptor
  /** Of an event that led to the first and was ruled illegal the home makes up with one that leads to the second. */
  readonly compensate?: { readonly [rejected: string]: string }
  readonly decide: HomeDescriptor
}

export interface TextDescriptor {
  readonly kind: 'text'
  /** The fields at the top of the document that hold the texts; every other field is a register of its own. */
  readonly fields: readonly string[]
  readonly decide: HomeDescriptor
}

/**
 * One value as a whole: the latest of concurrent writes wins, the others are in the audit. With `review` a conflict is
 * flagged there for somebody to look at.
 */
export function register({ review = false }: { readonly review?: boolean } = {}): RegisterDescriptor {
  return review ? { kind: 'register', review } : { kind: 'register' }
}

/** One value as a whole: of concurrent ones the greatest counts, by itself (a number, a text) or by one of its fields. */
export function highest({ by }: { readonly by?: string } = {}): HighestDescriptor {
  return by === undefined ? { kind: 'highest' } : { kind: 'highest', by }
}

/** One value as a whole: concurrent ones are all kept, the latest is shown, and somebody has to choose. */
export function siblings(): SiblingsDescriptor {
  return { kind: 'siblings' }
}

interface Passive {
  /** `refuse`, the default: a write captured at another site is undone there. `accept`: it loses only if concurrent. */
  readonly passive?: 'accept' | 'refuse'
}

/**
 * One value as a whole that one site has the say over: the `primary`, or for each `source` that values name in a field
 * the site that ingests it. Of concurrent writes its own wins, else the latest.
 */
export function authority(
  options: Passive &
    ({ readonly primary: string } | { readonly source: string; readonly sites: { readonly [source: string]: string } }),
): AuthorityDescriptor {
  const of: AuthorityOf =
    'primary' in options
      ? { by: 'site', site: options.primary }
      : { by: 'source', field: options.source, sites: options.sites }
  return { kind: 'authority', of, passive: options.passive ?? 'refuse' }
}

/** One value as a whole: a function of your own, among the declaration's `resolvers`, makes one of two concurrent ones. */
export function custom(name: string, { version = 1 }: { readonly version?: number } = {}): CustomDescriptor {
  return { kind: 'custom', name, version }
}

/**
 * Written once. As a document: it is created, and neither changed nor deleted. As a field or an element: a map
 * `{ <id>: entry }` whose entries are added, and neither changed nor removed.
 */
export function appendOnly(): AppendOnlyDescriptor {
  return { kind: 'appendOnly' }
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

const ledgerWords: LedgerWords = {
  request: 'requested',
  yes: 'accepted',
  no: 'rejected',
  cancel: 'cancelled',
  confirm: 'confirming',
  confirmed: 'confirmed',
  expired: 'expired',
  done: 'done',
  revoked: 'revoked',
}

/** One site decides; `hash` spreads the records over all sites. */
export function home({ at = 'hash', fixed = 'majority' }: Partial<Omit<HomeDescriptor, 'by'>> = {}): HomeDescriptor {
  return { by: 'home', at, fixed }
}

/**
 * Every site answers at once, out of its share; shares move on demand. A site that is cut off keeps its own. For stock that
 * is asked for everywhere and brought in at one place: `escrow({ shares: { 'aws-us-east-1': 50, 'azure-eastus': 20 } })`.
 */
export function escrow({ shares = {} }: { readonly shares?: EscrowDescriptor['shares'] } = {}): EscrowDescriptor {
  return { by: 'escrow', shares }
}

/**
 * Reservations against a stock, of which never more are accepted than there is. Applications write the word for a request
 * into a reservation's status field and read the verdict there.
 */
export function ledger({
  words = {},
  decide = home(),
  shortage = 'keep',
  ...names
}: Omit<LedgerDescriptor, 'kind' | 'words' | 'decide' | 'shortage'> & {
  readonly words?: Partial<LedgerWords>
  readonly decide?: HomeDescriptor | EscrowDescriptor
  readonly shortage?: LedgerDescriptor['shortage']
}): LedgerDescriptor {
  return { kind: 'ledger', ...names, words: { ...ledgerWords, ...words }, decide, shortage }
}

interface EventLogOptions {
  readonly status: string
  readonly settled?: string
  /** The field, or how the fields of an entry are called where it is not `to` and `status`. */
  readonly entries?:
    | string
    | (Pick<EntriesDescriptor, 'field'> &
        Partial<Omit<EntriesDescriptor, 'words'>> & { readonly words?: Partial<EntryWords> })
  readonly compensate?: NonNullable<EventLogDescriptor['compensate']>
  readonly decide?: HomeDescriptor
}

/**
 * Events of all sites, replayed through a state machine: `{ initial: 'pending', transitions: { pending: ['paid'], paid: [] } }`.
 * With `settled` applications write just the status, see it at once, and may see it set back; `settled` never is. With
 * `entries` they add events, of which one site accepts those that the machine allows, in its order. With both, the status
 * shows what the events come to before they are accepted.
 */
export function eventLog(
  machine: StateMachine,
  { entries, decide = home(), ...fields }: EventLogOptions,
): EventLogDescriptor {
  return { kind: 'eventLog', machine, ...fields, ...(entries !== undefined && { entries: entriesOf(entries) }), decide }
}

function entriesOf(entries: NonNullable<EventLogOptions['entries']>): EntriesDescriptor {
  const { words, ...named } = typeof entries === 'string' ? { field: entries } : entries
  return {
    to: 'to',
    status: 'status',
    ...named,
    words: { request: 'requested', yes: 'accepted', no: 'rejected', ...words },
  }
}

/**
 * A text that several sites edit at once, in one field or in several: applications write the plain string, and what they
 * changed in it is put into the text as it stands. One site says in what order.
 */
export function text({
  field,
  decide = home(),
}: {
  readonly field: string | readonly string[]
  readonly decide?: HomeDescriptor
}): TextDescriptor {
  return { kind: 'text', fields: typeof field === 'string' ? [field] : field, decide }
}

/** The fields at the top of a document that the declaration names. */
export function namedFields(descriptor: DocumentDescriptor): readonly string[] {
  switch (descriptor.kind) {
    case 'ledger':
      return [descriptor.stock, descriptor.entries, descriptor.available]
    case 'eventLog':
      return [descriptor.status, descriptor.settled, descriptor.entries?.field].filter(field => field !== undefined)
    case 'fields':
      return Object.keys(descriptor.fields)
    case 'text':
      return descriptor.fields
    case 'bestFeed':
      return [descriptor.feeds, descriptor.best]
    default:
      return []
  }
}

/** The parts of a document as far as they merge by joins: all that counts where documents are compared, not states. */
export function joinedParts(descriptor: DocumentDescriptor): MergeDescriptor {
  switch (descriptor.kind) {
    case 'ledger':
      return fields({ [descriptor.stock]: counter(), [descriptor.entries]: set(fields()) })
    case 'eventLog':
      return fields(descriptor.entries ? { [descriptor.entries.field]: set(fields()) } : {})
    case 'text':
      return fields()
    case 'bestFeed':
      return fields({ [descriptor.feeds]: set(oneFeed(descriptor)) })
    case 'appendOnly':
      // As a document it is one entry, not a map of them.
      return register()
    default:
      return descriptor
  }
}

function oneFeed({ sites, fields: { venue } }: BestFeedDescriptor): MergeDescriptor {
  return Object.keys(sites).length === 0 ? register() : authority({ source: venue, sites, passive: 'accept' })
}

/** Merges as a whole, whoever wins. */
export function isOneValue(descriptor: DocumentDescriptor): descriptor is OneValueDescriptor {
  return ['register', 'highest', 'siblings', 'authority', 'custom'].includes(descriptor.kind)
}

/** The site that has the say over whole documents. */
export function primaryOf(descriptor: DocumentDescriptor): string | undefined {
  return descriptor.kind === 'authority' && descriptor.of.by === 'site' ? descriptor.of.site : undefined
}
