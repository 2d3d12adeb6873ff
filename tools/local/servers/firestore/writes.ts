/**
 * What would these writes do? Works out a whole commit against the stored documents without touching them: either
 * every write is possible, and the result can be applied at once, or the first that is not refuses the commit.
 *
 * The writes are taken in order, so that a later one sees what an earlier one did to the same document.
 */
import { status } from '@grpc/grpc-js'
import { assertDocumentFits, commitBytesMax, documentBytes, storableFields } from './document-limits.ts'
import { assertDocumentName } from './document-names.ts'
import type { DocumentWrite } from './document-store.ts'
import { fieldAt, parseFieldPath, withField, withoutField } from './field-paths.ts'
import type { DocumentMask, FieldTransform, Precondition, Write } from './messages.ts'
import { invalidArgument, Refusal } from './refusal.ts'
import { microsToTimestamp, timestampToMicros } from './timestamps.ts'
import { transformField } from './transforms.ts'
import { sameFields } from './value-identity.ts'
import type { Fields, FirestoreDocument, FirestoreValue, Timestamp } from './values.ts'

export interface WriteResult {
  /** Null after a deletion; the previous time if the write changed nothing. */
  readonly updateTime: Timestamp | null
  readonly transformResults: readonly FirestoreValue[]
}

export interface StagedCommit {
  /** One per write, in order. */
  readonly results: readonly WriteResult[]
  /** One per document that really changes. */
  readonly changes: readonly DocumentWrite[]
}

type ReadDocument = (name: string) => FirestoreDocument | undefined

interface Edit {
  /** Undefined deletes the document. */
  readonly fields: Fields | undefined
  readonly transformResults: readonly FirestoreValue[]
}

/**
 * `commitTime` in microseconds. Throws the Refusal of the first write that cannot be made: NOT_FOUND,
 * ALREADY_EXISTS or FAILED_PRECONDITION for its precondition, INVALID_ARGUMENT for its content.
 */
export function stageWrites(read: ReadDocument, writes: readonly Write[], commitTime: bigint): StagedCommit {
  const time = microsToTimestamp(commitTime)
  const staged = new Map<string, FirestoreDocument | undefined>()
  const current: ReadDocument = name => (staged.has(name) ? staged.get(name) : read(name))

  const edits = writes.map(write => {
    const name = targetOf(write)
    assertDocumentName(name)
    const stored = current(name)
    checkPrecondition(write.currentDocument, stored, name)
    const edit = editBy(write, stored?.fields ?? {}, commitTime)
    staged.set(
      name,
      edit.fields && { name, fields: edit.fields, createTime: stored?.createTime ?? time, updateTime: time },
    )
    return { name, edit }
  })
  assertFits(staged)

  const changes = [...staged].flatMap(([name, after]): DocumentWrite[] => {
    const before = read(name)
    return isUnchanged(before, after) ? [] : [{ name, before, after, commitTime: time }]
  })
  const changedNames = new Set(changes.map(change => change.name))
  const results = edits.map(({ name, edit }) => ({
    updateTime: edit.fields ? (changedNames.has(name) ? time : (read(name)?.updateTime ?? time)) : null,
    transformResults: edit.transformResults,
  }))
  return { results, changes }
}

export function targetOf(write: Write): string {
  switch (write.operation) {
    case 'update':
      return write.update.name
    case 'delete':
      return write.delete
    case 'transform':
      return write.transform.document
    default:
      throw invalidArgument('A write names no operation.')
  }
}

function checkPrecondition(condition: Precondition | null, stored: FirestoreDocument | undefined, name: string): void {
  if (!condition) return
  if (condition.conditionType === 'exists') {
    if (condition.exists && !stored) throw new Refusal(status.NOT_FOUND, `No document to update: ${name}`)
    if (!condition.exists && stored) throw new Refusal(status.ALREADY_EXISTS, `Document already exists: ${name}`)
    return
  }
  if (!stored) throw new Refusal(status.NOT_FOUND, `No document to update: ${name}`)
  const [required, actual] = [condition.updateTime, stored.updateTime].map(timestampToMicros)
  if (required !== actual)
    throw new Refusal(
      status.FAILED_PRECONDITION,
      `The stored version (${actual}) does not match the required base version (${required}): ${name}`,
    )
}

function editBy(write: Write, stored: Fields, commitTime: bigint): Edit {
  switch (write.operation) {
    case 'delete':
      return { fields: undefined, transformResults: [] }
    case 'update': {
      const given = storableFields(write.update.fields)
      const fields = write.updateMask ? maskedUpdate(stored, given, write.updateMask) : given
      return transformed(fields, write.updateTransforms, commitTime)
    }
    case 'transform':
      return transformed(stored, write.transform.fieldTransforms, commitTime)
  }
}

/** Takes the named fields from `given`; one that is named but not given is removed. */
function maskedUpdate(stored: Fields, given: Fields, mask: DocumentMask): Fields {
  return mask.fieldPaths.map(parseFieldPath).reduce((fields, path) => {
    const value = fieldAt(given, path)
    return value ? withField(fields, path, value) : withoutField(fields, path)
  }, stored)
}

function transformed(fields: Fields, transforms: readonly FieldTransform[], commitTime: bigint): Edit {
  const transformResults: FirestoreValue[] = []
  let edited = fields
  for (const transform of transforms) {
    const path = parseFieldPath(transform.fieldPath)
    const { value, result } = transformField(fieldAt(edited, path), transform, commitTime)
    edited = withField(edited, path, value)
    transformResults.push(result)
  }
  return { fields: edited, transformResults }
}

function assertFits(staged: ReadonlyMap<string, FirestoreDocument | undefined>): void {
  let total = 0
  for (const [name, document] of staged) {
    if (!document) continue
    const bytes = documentBytes(name, document.fields)
    assertDocumentFits(name, bytes)
    total += bytes
  }
  if (total > commitBytesMax) throw invalidArgument('Transaction too big. Decrease transaction size.')
}

/** A document that was deleted and created again within one commit is a new one, whatever it holds. */
function isUnchanged(before: FirestoreDocument | undefined, after: FirestoreDocument | undefined): boolean {
  if (!before || !after) return before === after
  return before.createTime === after.createTime && sameFields(before.fields, after.fields)
}
