/**
 * The requests that the server understands, as proto-loader decodes them with `longs: String`, `enums: String`,
 * `oneofs: true`, `defaults: true`: an absent message is null, an absent list is empty, and a oneof names the member
 * that is present. gRPC hands requests over untyped; these types are given to them once, in `service.ts`.
 *
 * Source: the client's own `google/firestore/v1/*.proto`.
 */
import type { ArrayContent, Fields, FirestoreValue, Timestamp } from './values.ts'

export interface DocumentMask {
  readonly fieldPaths: readonly string[]
}

export type Precondition =
  | { readonly conditionType: 'exists'; readonly exists: boolean }
  | { readonly conditionType: 'updateTime'; readonly updateTime: Timestamp }

export type FieldTransform = { readonly fieldPath: string } & (
  | { readonly transformType: 'setToServerValue' }
  | { readonly transformType: 'increment'; readonly increment: FirestoreValue }
  | { readonly transformType: 'maximum'; readonly maximum: FirestoreValue }
  | { readonly transformType: 'minimum'; readonly minimum: FirestoreValue }
  | { readonly transformType: 'appendMissingElements'; readonly appendMissingElements: ArrayContent }
  | { readonly transformType: 'removeAllFromArray'; readonly removeAllFromArray: ArrayContent }
)

export type Write = { readonly currentDocument: Precondition | null } & (
  | {
      readonly operation: 'update'
      readonly update: { readonly name: string; readonly fields: Fields }
      readonly updateMask: DocumentMask | null
      readonly updateTransforms: readonly FieldTransform[]
    }
  | { readonly operation: 'delete'; readonly delete: string }
  | {
      readonly operation: 'transform'
      readonly transform: { readonly document: string; readonly fieldTransforms: readonly FieldTransform[] }
    }
)

export type TransactionOptions =
  | { readonly mode: 'readOnly'; readonly readOnly: { readonly readTime: Timestamp | null } }
  | { readonly mode: 'readWrite' }

/** When a read looks at the data; without a selector, at the present. */
export type Consistency =
  | { readonly consistencySelector?: never }
  | { readonly consistencySelector: 'transaction'; readonly transaction: Buffer }
  | { readonly consistencySelector: 'newTransaction'; readonly newTransaction: TransactionOptions }
  | { readonly consistencySelector: 'readTime'; readonly readTime: Timestamp }

export interface FieldReference {
  readonly fieldPath: string
}

export type Filter =
  | {
      readonly filterType: 'compositeFilter'
      readonly compositeFilter: { readonly op: string; readonly filters: readonly Filter[] }
    }
  | {
      readonly filterType: 'fieldFilter'
      readonly fieldFilter: { readonly field: FieldReference; readonly op: string; readonly value: FirestoreValue }
    }
  | {
      readonly filterType: 'unaryFilter'
      readonly unaryFilter: { readonly field: FieldReference; readonly op: string }
    }

export interface Cursor {
  readonly values: readonly FirestoreValue[]
  readonly before: boolean
}

export interface CollectionSelector {
  readonly collectionId: string
  readonly allDescendants: boolean
}

export interface StructuredQuery {
  readonly select: { readonly fields: readonly FieldReference[] } | null
  readonly from: readonly CollectionSelector[]
  readonly where: Filter | null
  readonly orderBy: readonly { readonly field: FieldReference; readonly direction: string }[]
  readonly startAt: Cursor | null
  readonly endAt: Cursor | null
  readonly offset: number
  readonly limit: { readonly value: number } | null
  readonly findNearest: object | null
}

export type Aggregation = { readonly alias: string } & (
  | { readonly operator: 'count'; readonly count: { readonly upTo: { readonly value: string } | null } }
  | { readonly operator: 'sum'; readonly sum: { readonly field: FieldReference } }
  | { readonly operator: 'avg'; readonly avg: { readonly field: FieldReference } }
)

export interface CommitRequest {
  readonly writes: readonly Write[]
  /** Empty outside a transaction. */
  readonly transaction: Buffer
}

export interface BatchWriteRequest {
  readonly writes: readonly Write[]
}

export interface BeginTransactionRequest {
  readonly options: TransactionOptions | null
}

export interface RollbackRequest {
  readonly transaction: Buffer
}

export type GetDocumentRequest = { readonly name: string; readonly mask: DocumentMask | null } & Consistency

export type BatchGetDocumentsRequest = {
  readonly documents: readonly string[]
  readonly mask: DocumentMask | null
} & Consistency

export type RunQueryRequest = {
  readonly parent: string
  readonly structuredQuery: StructuredQuery
  readonly explainOptions: object | null
} & Consistency

export type RunAggregationQueryRequest = {
  readonly parent: string
  readonly structuredAggregationQuery: {
    readonly structuredQuery: StructuredQuery
    readonly aggregations: readonly Aggregation[]
  }
  readonly explainOptions: object | null
} & Consistency

export type ListDocumentsRequest = {
  readonly parent: string
  readonly collectionId: string
  readonly pageSize: number
  readonly pageToken: string
  readonly orderBy: string
  readonly mask: DocumentMask | null
  readonly showMissing: boolean
} & Consistency

export type ListCollectionIdsRequest = {
  readonly parent: string
  readonly pageSize: number
  readonly pageToken: string
} & Consistency

export interface AddTarget {
  readonly targetId: number
  readonly resumeToken?: Buffer
  readonly targetType: 'query' | 'documents'
  readonly query?: { readonly parent: string; readonly structuredQuery: StructuredQuery }
  readonly documents?: { readonly documents: readonly string[] }
}

export type ListenRequest =
  | { readonly targetChange: 'addTarget'; readonly addTarget: AddTarget }
  | { readonly targetChange: 'removeTarget'; readonly removeTarget: number }
