/** What `sync.config.ts` imports. */
export { type Declaration, DeclarationInvalid, defineSync } from './define-sync.ts'
export { counter, fields, home, ledger, register, set } from './merge-descriptor.ts'
