/** How a flow writes a document: into what it has seen, and nowhere else. */
import type { Document } from '../document/json.ts'
import type { DocumentWrite } from '../ports/index.ts'
import type { DataType } from './here.ts'
import type { Sight } from './look.ts'

/** `after`: without the fields that its type omits; undefined: delete it. */
export function documentWrite(sight: Sight, after: Document | undefined, type: DataType): DocumentWrite {
  return { read: sight.document, after, indivisible: type.indivisible, declared: type.declared }
}
