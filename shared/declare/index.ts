/** What `sync.config.ts` imports. */
export { type Declaration, DeclarationInvalid, defineSync } from './define-sync.ts'
export {
  appendOnly,
  authority,
  bestFeed,
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
