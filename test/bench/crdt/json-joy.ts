/**
 * json-joy: an object for each line item and each group of fields, values that are replaced whole (`con`). A quantity is
 * what each replica has added in all, under a key of its own, as json-joy's `cnt` extension keeps it, but without that
 * extension's wrapper, which costs more.
 */
import { Model as JsonModel } from 'json-joy/lib/json-crdt/model/Model.js'
import { type NodeBuilder, Patch, s } from 'json-joy/lib/json-crdt-patch/index.js'
import { type Document, isJsonObject } from '../../../shared/document/json.ts'
import { cartOf, slotOf } from './slots.ts'
import type { Cart, CartEdit, CartLine, Model, Profile, ProfileEdit, Replica, System } from './system.ts'

const recordKey = 'record'
const itemsPath = [recordKey, 'items']
const sessionOf = (replica: number) => 1_600_000_001 + replica

type Make<Edit> = (model: JsonModel, edit: Edit, replica: number) => void
type Read = (record: Document) => Document

function createModel<Shape, Edit>(
  first: (shape: Shape) => NodeBuilder,
  make: Make<Edit>,
  read: Read,
): Model<Shape, Edit> {
  return {
    create(shape) {
      const model = JsonModel.create(undefined, sessionOf(0))
      model.api.set(s.obj({ [recordKey]: first(shape) }))
      return model.toBinary()
    },
    open(stored, replica): Replica<Edit> {
      const model = JsonModel.load(stored, sessionOf(replica))
      return {
        edit: edit => make(model, edit, replica),
        update: () => model.api.flush().toBinary(),
        apply: update => model.applyPatch(Patch.fromBinary(update)),
        read() {
          const root = model.view()
          const record = isJsonObject(root) ? root[recordKey] : undefined
          return isJsonObject(record) ? read(record) : undefined
        },
        stored: () => model.toBinary(),
        close: () => undefined,
      }
    },
  }
}

function lineOf({ quantity, note }: CartLine, replica: number): NodeBuilder {
  return s.obj({ [slotOf(replica)]: s.con(quantity), note: s.con(note) })
}

function editCart({ api }: JsonModel, edit: CartEdit, replica: number): void {
  if (edit.kind === 'delete') api.obj([]).del([recordKey])
  else if (edit.kind === 'put') api.obj(itemsPath).set({ [edit.sku]: lineOf(edit.line, replica) })
  else if (edit.kind === 'remove') api.obj(itemsPath).del([edit.sku])
  else if (edit.kind === 'note') api.obj([...itemsPath, edit.sku]).set({ note: s.con(edit.note) })
  else {
    const line = api.obj([...itemsPath, edit.sku])
    const slot = slotOf(replica)
    const added = line.has(slot) ? Number(line.node.get(slot)?.view()) : 0
    line.set({ [slot]: s.con(added + edit.amount) })
  }
}

function editProfile({ api }: JsonModel, { path, value }: ProfileEdit): void {
  const group = api.obj([recordKey, ...path.slice(0, -1)])
  const name = path.at(-1) ?? ''
  if (value === undefined) group.del([name])
  else group.set({ [name]: s.con(value) })
}

function groupOf(group: Profile): NodeBuilder {
  return s.obj(
    Object.fromEntries(
      Object.entries(group).map(([name, value]) => [name, typeof value === 'object' ? groupOf(value) : s.con(value)]),
    ),
  )
}

export const jsonJoy: System = {
  name: 'json-joy',
  cart: createModel<Cart, CartEdit>(
    ({ currency, items }) =>
      s.obj({
        currency: s.con(currency),
        items: s.obj(Object.fromEntries(Object.entries(items).map(([sku, line]) => [sku, lineOf(line, 0)]))),
      }),
    editCart,
    cartOf,
  ),
  profile: createModel<Profile, ProfileEdit>(groupOf, editProfile, record => record),
}
