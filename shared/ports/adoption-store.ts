/** How far a site is with taking over what a data type's table held before (see replicate/adopt.ts). */
export interface Adoption {
  /**
   * `noting`: what was there before is being written down at every site; nothing is captured, nothing travels.
   * `capturing`: that is done everywhere; what was written meanwhile is being captured. `adopted`: all of it is.
   */
  readonly phase: 'noting' | 'capturing' | 'adopted'
  /** By this site's clock, ms: a document created later was not there before. */
  readonly sinceMs: number
}

/** Keeps one `Adoption` per data type. Every method rejects with `StoreUnavailable`. */
export interface AdoptionStore {
  /** Strongly consistent. Undefined: not begun. */
  read(type: string): Promise<Adoption | undefined>
  write(type: string, adoption: Adoption): Promise<void>
}
