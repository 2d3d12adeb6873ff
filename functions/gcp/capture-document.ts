/**
 * From the place of a document to capture: `carts/alice` is the record of type `carts` with the key `alice`, unless the
 * declaration places the type elsewhere.
 *
 * A document in a collection of one type alone whose id is of no key names no record that the other stores could hold,
 * and no later attempt changes that: it goes to the dead letters. Where ids tell several types apart, it is of none.
 */
import { parseTemplate } from '../../shared/declare/key-template.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { isPlacedAt, keyFromPath } from '../../shared/place/gcp-place.ts'
import type { TellBefore } from '../../shared/replicate/before.ts'
import { refusedDocument } from '../../shared/replicate/dead-letter.ts'
import type { TellLeft } from '../../shared/replicate/echo.ts'
import type { Here } from '../../shared/replicate/here.ts'
import { captureEvent, type EventPorts } from '../../shared/replicate/note.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { DocumentEvent } from './document-event.ts'

export type DocumentSighting = Pick<DocumentEvent, 'path' | 'id' | 'keyValueIn'>

interface Reading {
  readonly ref: RecordRef
  readonly misfit?: string
}

/** Undefined: of no declared type. Throws where no type is declared: its trigger is not of this plan. */
export function refOfDocument(document: DocumentSighting, here: Here): Reading | undefined {
  const { path, id, keyValueIn } = document
  const types = [...here.types.values()].map(({ plan }) => plan).filter(type => isPlacedAt(type, path))
  for (const type of types) {
    const key = keyFromPath(type, path, keyValueIn)
    if (key) return { ref: { type: type.name, key } }
  }
  const [type] = types
  if (!type) throw new Error(`${here.site} holds no data type in the collection of '${path}'`)
  if (types.some(isToldByItsText)) return undefined
  return {
    ref: { type: type.name, key: [id] },
    misfit: `the document's id '${id}' is of no key of ${type.key.join(', ')}`,
  }
}

/** What the event tells of the record that was read. */
export interface DocumentTold {
  readonly before: (ref: RecordRef) => ReturnType<TellBefore>
  readonly left: (ref: RecordRef) => ReturnType<TellLeft>
}

/** Rejects as `capture` does. */
export async function captureDocument(
  document: DocumentSighting,
  ports: EventPorts,
  { before, left }: DocumentTold,
): Promise<void> {
  const { here, clock, deadLetters } = ports
  const reading = refOfDocument(document, here)
  if (!reading) return
  const { ref, misfit } = reading
  if (misfit === undefined) await captureEvent(ref, () => before(ref), { ...ports, left: () => left(ref) })
  else await deadLetters.put(refusedDocument({ site: here.site, ref, field: '', reason: misfit, atMs: clock.now() }))
}

function isToldByItsText({ at: { gcp } }: TypePlan): boolean {
  const ids = gcp.collection.split('/').filter((_, index) => index % 2 === 1)
  return [...ids, gcp.id].some(template => {
    const { literals } = parseTemplate(template)
    return literals.at(0) !== '' || literals.at(-1) !== ''
  })
}
