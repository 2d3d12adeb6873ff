/**
 * From the name of a document to capture: `carts/alice` is the record of type `carts` with the key `alice`.
 *
 * A document whose id is not the text of a key names no record that the other stores could hold under its key, and no
 * later attempt changes that: it goes to the dead letters.
 */
import { type CapturePorts, capture } from '../../shared/replicate/capture.ts'
import { refusedDocument } from '../../shared/replicate/dead-letter.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { keyFromText, keyText, type RecordKey, type RecordRef } from '../../shared/replicate/record-ref.ts'

/** The document's place: at worst it is named like a key of one part. */
export function refOfDocument({ collection, id }: { readonly collection: string; readonly id: string }): RecordRef {
  return { type: collection, key: keyOf(id) ?? [id] }
}

/** Rejects as `capture` does. */
export async function captureDocument(
  place: { readonly collection: string; readonly id: string },
  ports: CapturePorts,
): Promise<void> {
  const { here, clock, deadLetters } = ports
  const { key } = dataTypeOf(here, place.collection).plan
  const ref = refOfDocument(place)
  if (keyText(ref.key) === place.id && ref.key.length === key.length) {
    await capture(ref, ports)
    return
  }
  const reason = `the document's id '${place.id}' is not the text of a key of ${key.join(', ')}`
  await deadLetters.put(refusedDocument({ site: here.site, ref, field: '', reason, atMs: clock.now() }))
}

/** Undefined: no key has this text. */
function keyOf(id: string): RecordKey | undefined {
  try {
    const key = keyFromText(id)
    return keyText(key) === id && key.every(part => part !== '') ? key : undefined
  } catch {
    return undefined
  }
}
