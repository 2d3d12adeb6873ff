/** What ingest says about one change. */
export type Answer =
  /** Merged and committed. */
  | { readonly answer: 'applied' }
  /** Everything in it had been applied before. */
  | { readonly answer: 'duplicate' }
  /** Something it depends on has not arrived: send the present whole state. */
  | { readonly answer: 'gap' }
  /** Made under another plan than the one deployed here: keep it and try later. */
  | { readonly answer: 'held' }
  /** Its clock, or its sender's, is so far ahead that its stamp cannot be believed: keep it and try later. */
  | { readonly answer: 'quarantined'; readonly aheadMs: number }
  /** Could not be tried: the store throttles, or others kept changing the record. Try again. */
  | { readonly answer: 'busy'; readonly reason: string }
  /** Cannot be processed as it is. */
  | { readonly answer: 'refused'; readonly reason: RefusalReason; readonly detail: string }

export const refusalReasons = [
  'malformed',
  /** Larger than a request between sites may be. */
  'too_large',
  'wrong_origin',
  'unknown_type',
  /** The declaration keeps the type away from this site. */
  'not_resident',
  /** This site's store cannot hold the merged document. */
  'not_storable',
  /** The document that stands here cannot be captured, so nothing can be merged into it. */
  'local_document_refused',
  'shadow_mismatch',
  /** The user's own function that settles concurrent values threw, did not end, or made what no document holds. */
  'resolver_failed',
  'internal',
] as const

export type RefusalReason = (typeof refusalReasons)[number]
