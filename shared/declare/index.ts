/** What `sync.config.ts` imports. */
export { type Declaration, DeclarationInvalid, defineSync } from './define-sync.ts'
export { bestFeed } from './feed-descriptor.ts'
export {
  appendOnly,
  authority,
  counter,
  custom,
  escrow,
  eventLog,
  fields,
  highest,
  home,
  ledger,
  register,
  set,
  siblings,
  text,
} from './merge-descriptor.ts'
