/** Many documents into one store, with its own client: what a load needs of each cloud. */
import type { Document } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

export interface NewDocument {
  readonly ref: RecordRef
  /** Without its key fields. */
  readonly document: Document
}

/** What became of one document. */
export type PutOutcome = 'written' | 'exists' | { readonly failed: string }

/** What is done about a document that is there already. The store decides as it writes; nothing is looked up before. */
export type IfExists = 'overwrite' | 'keep'

export interface StoreWriter {
  /** Documents in one call of `put`. */
  readonly batchMax: number
  /** At most `batchMax`, no two of the same record. Outcomes in their order. */
  put(documents: readonly NewDocument[], ifExists: IfExists): Promise<readonly PutOutcome[]>
  /** What is not there is well gone. */
  remove(ref: RecordRef): Promise<void>
  close(): Promise<void>
}

/** `error`: whatever a client throws or hands back. */
export function failedBy(error: unknown): PutOutcome {
  if (typeof error !== 'object' || error === null) return { failed: String(error) }
  const [name, message] = [Reflect.get(error, 'name'), Reflect.get(error, 'message')]
  return { failed: [name, message].filter(text => typeof text === 'string' && text !== 'Error').join(': ') }
}

/**
 * Writes those documents that the store can hold, together; what cannot be brought into the store's own form has failed
 * by itself.
 */
export async function putStorable<Native>(
  documents: readonly NewDocument[],
  toNative: (document: NewDocument) => Native,
  put: (natives: readonly Native[]) => Promise<readonly PutOutcome[]>,
): Promise<readonly PutOutcome[]> {
  const natives: Native[] = []
  const refused = documents.map((document): PutOutcome | undefined => {
    try {
      natives.push(toNative(document))
      return undefined
    } catch (error) {
      return failedBy(error)
    }
  })
  const outcomes = natives.length === 0 ? [] : [...(await put(natives))]
  const unknown: PutOutcome = { failed: 'the client did not say what became of it' }
  return refused.map(outcome => outcome ?? outcomes.shift() ?? unknown)
}
