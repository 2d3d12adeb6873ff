/** Failures that can happen to a port: the flows know what to do about each. */
import type { RecordRef } from '../replicate/record-ref.ts'
import { recordName } from '../replicate/record-ref.ts'

/** The store throttles, times out or cannot be reached. Nothing is wrong with the change: it waits. */
export class StoreUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(`the store is unavailable: ${reason}`, { cause })
    this.name = 'StoreUnavailable'
  }
}

/** The peer cannot be reached, throttles or fails as a whole. Never counts against a change: it waits. */
export class PeerUnavailable extends Error {
  constructor(peer: string, reason: string, cause?: unknown) {
    super(`${peer} is unavailable: ${reason}`, { cause })
    this.name = 'PeerUnavailable'
  }
}

/** A document holds what cannot be carried to the other stores. It waits in the dead letters until it is mended. */
export class ValueRefused extends Error {
  readonly ref: RecordRef
  readonly field: string
  readonly reason: string
  constructor(ref: RecordRef, path: readonly string[], reason: string) {
    super(`${recordName(ref)}: field '${path.join('.')}': ${reason}`)
    this.name = 'ValueRefused'
    this.ref = ref
    this.field = path.join('.')
    this.reason = reason
  }
}

/**
 * The stored state does not give the document that it gave when it was written: the code or the declaration changed
 * meanwhile. Capturing now would take that change for a write of the application.
 */
export class ShadowMismatch extends Error {
  constructor(ref: RecordRef) {
    super(
      `${recordName(ref)}: its sync state no longer yields the document it was written for; migrate before capturing`,
    )
    this.name = 'ShadowMismatch'
  }
}

/**
 * The record was written a moment ago under a declaration that this function does not know: its site is being deployed.
 * Nothing is wrong with it: the trigger tries again.
 */
export class OtherDeclaration extends Error {
  constructor(ref: RecordRef) {
    super(
      `${recordName(ref)}: it was just written under another declaration than this function's; its successor will take it`,
    )
    this.name = 'OtherDeclaration'
  }
}

/** Others kept changing the record for as long as was tried. The trigger tries again. */
export class Contended extends Error {
  constructor(ref: RecordRef, attempts: number) {
    super(`${recordName(ref)}: changed under every one of ${attempts} attempts`)
    this.name = 'Contended'
  }
}

/** Of a store, of a record that others keep changing, of a site that is being deployed: to be tried again as it is. */
export function mayPass(error: unknown): error is StoreUnavailable | Contended | OtherDeclaration {
  return error instanceof StoreUnavailable || error instanceof Contended || error instanceof OtherDeclaration
}
