/** Automerge: plain objects changed in functions, its counters, and texts that are replaced whole (`ImmutableString`). */
import {
  Counter,
  change,
  type Doc,
  free,
  from,
  getHeads,
  ImmutableString,
  load,
  loadIncremental,
  save,
  saveSince,
} from '@automerge/automerge'
import type { Document, Json } from '../../../shared/document/json.ts'
import type { Cart, CartEdit, CartLine, Model, Profile, ProfileEdit, Replica, System } from './system.ts'

interface AmLine {
  quantity: Counter
  note: ImmutableString
}

interface AmCart {
  currency: ImmutableString
  items: Record<string, AmLine>
}

type AmValue = ImmutableString | number | boolean | AmGroup

interface AmGroup {
  [name: string]: AmValue
}

/** Of a deleted record nothing is left. */
interface Root<Shape> {
  record?: Shape
}

const actorOf = (replica: number) => `5f5e10000000000000000000000000${replica}0`.padStart(32, 'a')

function createModel<Shape, Kept, Edit>(
  first: (shape: Shape) => Kept,
  make: (root: Root<Kept>, edit: Edit) => void,
  read: (record: Kept) => Document,
): Model<Shape, Edit> {
  return {
    create(shape) {
      const doc = from<Root<Kept>>({ record: first(shape) }, { actor: actorOf(0) })
      const stored = save(doc)
      free(doc)
      return stored
    },
    open(stored, replica): Replica<Edit> {
      let doc: Doc<Root<Kept>> = load<Root<Kept>>(stored, { actor: actorOf(replica) })
      const opened = getHeads(doc)
      return {
        edit(edit) {
          doc = change(doc, root => make(root, edit))
        },
        update: () => saveSince(doc, opened),
        apply(update) {
          doc = loadIncremental(doc, update)
        },
        read: () => doc.record && read(doc.record),
        stored: () => save(doc),
        close: () => free(doc),
      }
    },
  }
}

function lineOf({ quantity, note }: CartLine): AmLine {
  return { quantity: new Counter(quantity), note: new ImmutableString(note) }
}

function editCart(root: Root<AmCart>, edit: CartEdit): void {
  if (edit.kind === 'delete') {
    delete root.record
    return
  }
  const items = root.record?.items ?? {}
  if (edit.kind === 'put') items[edit.sku] = lineOf(edit.line)
  else if (edit.kind === 'remove') delete items[edit.sku]
  else if (edit.kind === 'note') lineIn(items, edit.sku).note = new ImmutableString(edit.note)
  else lineIn(items, edit.sku).quantity.increment(edit.amount)
}

function lineIn(items: AmCart['items'], sku: string): AmLine {
  const line = items[sku]
  if (!line) throw new TypeError(`no line item ${sku}`)
  return line
}

function editProfile(root: Root<AmGroup>, { path, value }: ProfileEdit): void {
  const group = path.slice(0, -1).reduce(inside, root.record ?? {})
  const name = path.at(-1) ?? ''
  if (value === undefined) delete group[name]
  else group[name] = amValueOf(value)
}

function inside(group: AmGroup, name: string): AmGroup {
  const below = group[name]
  if (typeof below !== 'object' || below instanceof ImmutableString) throw new TypeError(`no group ${name}`)
  return below
}

function amValueOf(value: Profile[string]): AmValue {
  if (typeof value === 'object') return groupOf(value)
  return typeof value === 'string' ? new ImmutableString(value) : value
}

function groupOf(group: Profile): AmGroup {
  return Object.fromEntries(Object.entries(group).map(([name, value]) => [name, amValueOf(value)]))
}

function readGroup(group: AmGroup): Document {
  const document: Record<string, Json> = {}
  for (const name of Object.keys(group)) {
    const value = group[name]
    if (value instanceof ImmutableString) document[name] = value.toString()
    else if (typeof value === 'object') document[name] = readGroup(value)
    else if (value !== undefined) document[name] = value
  }
  return document
}

function readCart({ currency, items }: AmCart): Document {
  const lines: Record<string, Document> = {}
  for (const [sku, { quantity, note }] of Object.entries(items)) {
    lines[sku] = { quantity: quantity.value, note: note.toString() }
  }
  return { currency: currency.toString(), items: lines }
}

export const automerge: System = {
  name: 'automerge',
  cart: createModel<Cart, AmCart, CartEdit>(
    ({ currency, items }) => ({
      currency: new ImmutableString(currency),
      items: Object.fromEntries(Object.entries(items).map(([sku, line]) => [sku, lineOf(line)])),
    }),
    editCart,
    readCart,
  ),
  profile: createModel<Profile, AmGroup, ProfileEdit>(groupOf, editProfile, readGroup),
}
