/** Loro: maps that concurrent writers of one key share ("mergeable" children), and its counters. */
import { LoroDoc, LoroMap } from 'loro-crdt'
import { isJsonObject } from '../../../shared/document/json.ts'
import type { Cart, CartEdit, CartLine, Model, Profile, ProfileEdit, Replica, System } from './system.ts'

const recordKey = 'record'

type Make<Edit> = (root: LoroMap, edit: Edit) => void

function createModel<Shape, Edit>(fill: (record: LoroMap, shape: Shape) => void, make: Make<Edit>): Model<Shape, Edit> {
  return {
    create(shape) {
      const doc = openDoc(0)
      fill(doc.getMap('root').ensureMergeableMap(recordKey), shape)
      const stored = doc.export({ mode: 'snapshot' })
      doc.free()
      return stored
    },
    open(stored, replica): Replica<Edit> {
      const doc = openDoc(replica)
      doc.import(stored)
      const from = doc.oplogVersion()
      const root = doc.getMap('root')
      return {
        edit(edit) {
          make(root, edit)
          doc.commit()
        },
        update: () => doc.export({ mode: 'update', from }),
        apply: update => void doc.import(update),
        read() {
          const { [recordKey]: record } = root.toJSON()
          return isJsonObject(record) ? record : undefined
        },
        stored: () => doc.export({ mode: 'snapshot' }),
        close: () => doc.free(),
      }
    },
  }
}

function openDoc(replica: number): LoroDoc {
  const doc = new LoroDoc()
  doc.setPeerId(1_600_000_001 + replica)
  return doc
}

function inside(map: LoroMap, name: string): LoroMap {
  const below = map.get(name)
  if (!(below instanceof LoroMap)) throw new TypeError(`no map ${name}`)
  return below
}

/** What is under a removed line item is kept and comes back with it: a new one is set to its quantity from there. */
function putLine(items: LoroMap, sku: string, { quantity, note }: CartLine): void {
  const line = items.ensureMergeableMap(sku)
  const counter = line.ensureMergeableCounter('quantity')
  counter.increment(quantity - counter.value)
  line.set('note', note)
}

function editCart(root: LoroMap, edit: CartEdit): void {
  if (edit.kind === 'delete') {
    root.delete(recordKey)
    return
  }
  const items = inside(inside(root, recordKey), 'items')
  if (edit.kind === 'put') putLine(items, edit.sku, edit.line)
  else if (edit.kind === 'remove') items.delete(edit.sku)
  else if (edit.kind === 'note') inside(items, edit.sku).set('note', edit.note)
  else inside(items, edit.sku).ensureMergeableCounter('quantity').increment(edit.amount)
}

function editProfile(root: LoroMap, { path, value }: ProfileEdit): void {
  const group = path.slice(0, -1).reduce(inside, inside(root, recordKey))
  const name = path.at(-1) ?? ''
  if (value === undefined) group.delete(name)
  else group.set(name, value)
}

function fillGroup(group: LoroMap, values: Profile): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'object') fillGroup(group.ensureMergeableMap(name), value)
    else group.set(name, value)
  }
}

export const loro: System = {
  name: 'loro',
  cart: createModel<Cart, CartEdit>((record, { currency, items }) => {
    record.set('currency', currency)
    const lines = record.ensureMergeableMap('items')
    for (const [sku, line] of Object.entries(items)) putLine(lines, sku, line)
  }, editCart),
  profile: createModel<Profile, ProfileEdit>(fillGroup, editProfile),
}
