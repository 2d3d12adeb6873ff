/**
 * The few small texts that steer a site at run time: how far an adoption is, what is held back from a peer. Every method
 * rejects with `StoreUnavailable`.
 */
export interface ControlStore {
  /** Strongly consistent. Undefined: nothing was ever written under this name. */
  read(name: string): Promise<string | undefined>
  write(name: string, text: string): Promise<void>
}
