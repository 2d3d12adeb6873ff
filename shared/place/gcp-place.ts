/** A record's place in Firestore: the path of its document, such as `customers/alice/carts/1`. */
import { parseTemplate } from '../declare/key-template.ts'
import type { GcpPlacement } from '../declare/placement.ts'
import type { TypePlan } from '../declare/sync-plan.ts'
import { ValueRefused } from '../ports/errors.ts'
import type { RecordKey, RecordRef } from '../replicate/record-ref.ts'
import type { IdRules } from './id-codec.ts'
import { fillId, hashedId, readId } from './id-text.ts'
import { keyPart, partsFrom } from './key-value.ts'

/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
const idBytesMax = 1500
const pathBytesMax = 6144

const rules: IdRules = { refused: ['/'], isRefused: id => /^(\.{1,2}|__.*__)$/s.test(id) }

/** Every other segment of a document's path names a collection, which is as declared. */
function segmentsOf({ collection, id }: GcpPlacement): readonly string[] {
  return [...collection.split('/'), id]
}

const isDocument = (index: number) => index % 2 === 1

/** Throws `ValueRefused` for a key that makes too long a path. */
export function documentPath(ref: RecordRef, type: TypePlan): string {
  const { gcp } = type.at
  const segments = segmentsOf(gcp)
  const partOf = (field: string) => ref.key[type.key.indexOf(field)] ?? ''
  const path = segments.map((segment, index) => {
    if (!isDocument(index)) return segment
    const id = fillId(parseTemplate(segment), partOf, rules)
    const bytes = Buffer.byteLength(id)
    if (bytes <= idBytesMax) return id
    if (gcp.hashesLongIds && index === segments.length - 1) return hashedId(id)
    throw new ValueRefused(ref, type.key.slice(0, 1), `an id of ${bytes} bytes; Firestore takes ${idBytesMax}`)
  })
  const text = path.join('/')
  if (Buffer.byteLength(text) > pathBytesMax) {
    throw new ValueRefused(ref, type.key.slice(0, 1), `its path is longer than ${pathBytesMax} bytes on Firestore`)
  }
  return text
}

/** Whether documents of this type stand there, going by the collections alone. */
export function isPlacedAt({ at: { gcp } }: TypePlan, path: string): boolean {
  const present = path.split('/')
  const declared = segmentsOf(gcp)
  return (
    present.length === declared.length &&
    declared.every((segment, index) => isDocument(index) || segment === present[index])
  )
}

/**
 * The key of the document at a path. `fieldOf`: a field of the document, which tells the key behind a hashed id.
 * Undefined: no document of this type.
 */
export function keyFromPath(type: TypePlan, path: string, fieldOf: (field: string) => unknown): RecordKey | undefined {
  if (!isPlacedAt(type, path)) return undefined
  const hashed = keyFromFields(type, path, fieldOf)
  if (hashed) return hashed
  const present = path.split('/')
  const texts: Record<string, string> = {}
  for (const [index, segment] of segmentsOf(type.at.gcp).entries()) {
    if (!isDocument(index)) continue
    const read = readId(parseTemplate(segment), present[index] ?? '', rules)
    if (!read) return undefined
    Object.assign(texts, read)
  }
  return partsFrom(type, texts)
}

/** Behind a hashed id. */
function keyFromFields(type: TypePlan, path: string, fieldOf: (field: string) => unknown): RecordKey | undefined {
  if (!type.at.gcp.hashesLongIds || !/\/~[\w-]{43}$/.test(path)) return undefined
  const key = type.key.flatMap((field, index) => keyPart(fieldOf(field), type.keyTypes[index]) ?? [])
  if (key.length !== type.key.length) return undefined
  return documentPath({ type: type.name, key }, type) === path ? key : undefined
}
