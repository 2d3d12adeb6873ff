/**
 * Yjs: a map for each line item and each group of fields. It has no counter: each replica keeps what it has added in all
 * under a key of its own in the line item, and the quantity is their sum.
 */
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, Map as YMap } from 'yjs'
import type { Document } from '../../../shared/document/json.ts'
import { cartOf, slotOf } from './slots.ts'
import type { Cart, CartEdit, CartLine, Model, Profile, ProfileEdit, Replica, System } from './system.ts'

const recordKey = 'record'
const clientOf = (replica: number) => 1_600_000_001 + replica

/** Done to the document's root map, as one transaction. */
type Make<Edit> = (root: YMap, edit: Edit, replica: number) => void
type Read = (record: YMap) => Document

function createModel<Shape, Edit>(first: (shape: Shape) => YMap, make: Make<Edit>, read: Read): Model<Shape, Edit> {
  return {
    create(shape) {
      const doc = new Doc()
      doc.clientID = clientOf(0)
      doc.getMap('root').set(recordKey, first(shape))
      return encodeStateAsUpdate(doc)
    },
    open(stored, replica): Replica<Edit> {
      const doc = new Doc()
      applyUpdate(doc, stored)
      // Not before: Yjs takes a new one when it meets its own.
      doc.clientID = clientOf(replica)
      const opened = encodeStateVector(doc)
      const root = doc.getMap('root')
      return {
        edit: edit => doc.transact(() => make(root, edit, replica)),
        update: () => encodeStateAsUpdate(doc, opened),
        apply: update => applyUpdate(doc, update),
        read() {
          const record = root.get(recordKey)
          return record instanceof YMap ? read(record) : undefined
        },
        stored: () => encodeStateAsUpdate(doc),
        close: () => doc.destroy(),
      }
    },
  }
}

function inside(map: YMap, name: string): YMap {
  const below = map.get(name)
  if (!(below instanceof YMap)) throw new TypeError(`no map ${name}`)
  return below
}

function lineOf({ quantity, note }: CartLine, replica: number): YMap {
  return new YMap<unknown>([
    [slotOf(replica), quantity],
    ['note', note],
  ])
}

function editCart(root: YMap, edit: CartEdit, replica: number): void {
  if (edit.kind === 'delete') {
    root.delete(recordKey)
    return
  }
  const items = inside(inside(root, recordKey), 'items')
  if (edit.kind === 'put') items.set(edit.sku, lineOf(edit.line, replica))
  else if (edit.kind === 'remove') items.delete(edit.sku)
  else if (edit.kind === 'note') inside(items, edit.sku).set('note', edit.note)
  else {
    const line = inside(items, edit.sku)
    const slot = slotOf(replica)
    line.set(slot, Number(line.get(slot) ?? 0) + edit.amount)
  }
}

function editProfile(root: YMap, { path, value }: ProfileEdit): void {
  const group = path.slice(0, -1).reduce(inside, inside(root, recordKey))
  const name = path.at(-1) ?? ''
  if (value === undefined) group.delete(name)
  else group.set(name, value)
}

function groupOf(group: Profile): YMap {
  return new YMap<unknown>(
    Object.entries(group).map(([name, value]) => [name, typeof value === 'object' ? groupOf(value) : value]),
  )
}

export const yjs: System = {
  name: 'yjs',
  cart: createModel<Cart, CartEdit>(
    ({ currency, items }) =>
      new YMap<unknown>([
        ['currency', currency],
        ['items', new YMap(Object.entries(items).map(([sku, line]) => [sku, lineOf(line, 0)]))],
      ]),
    editCart,
    record => cartOf(record.toJSON()),
  ),
  profile: createModel<Profile, ProfileEdit>(groupOf, editProfile, record => record.toJSON()),
}
