/**
 * What an application does to its own table, through its cloud's official client and nothing else: no code of the
 * replication is involved. The tour, the tests and the benchmarks write and read like this.
 */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value }

export type Item = { readonly [name: string]: Value }

export type FieldPath = readonly [string, ...string[]]

export interface ApplicationClient {
  readonly site: string
  /** Writes the whole document. It holds its key fields. */
  put(type: string, document: Item): Promise<void>
  /** The document as the application sees it, the store's own properties left out; undefined: none. */
  read(type: string, key: readonly string[]): Promise<Item | undefined>
  remove(type: string, key: readonly string[]): Promise<void>
  /** Sets one field, however deep; what holds it must exist. */
  set(type: string, key: readonly string[], path: FieldPath, value: Value): Promise<void>
  unset(type: string, key: readonly string[], path: FieldPath): Promise<void>
  /** The store's own atomic increment. */
  increment(type: string, key: readonly string[], path: FieldPath, by: number): Promise<void>
  close(): Promise<void>
}
