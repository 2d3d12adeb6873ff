/** The packages of this folder are not installed with the project: what is used of them. */
declare module 'yjs' {
  class YMap<Value = unknown> {
    constructor(entries?: Iterable<readonly [string, Value]>)
    get(name: string): unknown
    set(name: string, value: unknown): unknown
    delete(name: string): void
    toJSON(): import('../../../shared/document/json.ts').Document
  }

  export { YMap as Map }

  export class Doc {
    clientID: number
    getMap(name: string): YMap
    transact(make: () => void): void
    destroy(): void
  }

  export function applyUpdate(doc: Doc, update: Uint8Array): void
  export function encodeStateAsUpdate(doc: Doc, since?: Uint8Array): Uint8Array
  export function encodeStateVector(doc: Doc): Uint8Array
}

declare module 'json-joy/lib/json-crdt-patch/index.js' {
  export interface NodeBuilder {
    readonly type: string
  }

  export class Patch {
    static fromBinary(bytes: Uint8Array): Patch
    toBinary(): Uint8Array
  }

  export const s: {
    con(value: unknown): NodeBuilder
    obj(fields: { readonly [name: string]: NodeBuilder }): NodeBuilder
  }
}

declare module 'json-joy/lib/json-crdt/model/Model.js' {
  import type { NodeBuilder, Patch } from 'json-joy/lib/json-crdt-patch/index.js'
  import type { Json } from '../../../shared/document/json.ts'

  interface ObjApi {
    readonly node: { get(name: string): { view(): unknown } | undefined }
    has(name: string): boolean
    set(fields: { readonly [name: string]: NodeBuilder }): void
    del(names: readonly string[]): void
  }

  export class Model {
    static create(schema: undefined, session: number): Model
    static load(bytes: Uint8Array, session: number): Model
    readonly api: {
      set(root: NodeBuilder): void
      obj(path: readonly string[]): ObjApi
      flush(): Patch
    }
    applyPatch(patch: Patch): void
    view(): Json
    toBinary(): Uint8Array
  }
}

declare module 'loro-crdt' {
  import type { Document } from '../../../shared/document/json.ts'

  interface LoroCounter {
    readonly value: number
    increment(amount: number): void
  }

  export class LoroMap {
    get(name: string): unknown
    set(name: string, value: unknown): void
    delete(name: string): void
    ensureMergeableMap(name: string): LoroMap
    ensureMergeableCounter(name: string): LoroCounter
    toJSON(): Document
  }

  type Version = { readonly length: () => number }

  export class LoroDoc {
    setPeerId(peer: number): void
    getMap(name: string): LoroMap
    commit(): void
    oplogVersion(): Version
    export(what: { readonly mode: 'snapshot' } | { readonly mode: 'update'; readonly from: Version }): Uint8Array
    import(bytes: Uint8Array): unknown
    free(): void
  }
}

declare module '@automerge/automerge' {
  export class Counter {
    constructor(value: number)
    readonly value: number
    increment(amount: number): void
  }

  export class ImmutableString {
    constructor(text: string)
    toString(): string
  }

  export type Doc<Shape> = Readonly<Shape>
  type Heads = readonly string[]
  interface Options {
    readonly actor: string
  }

  export function from<Shape>(initial: Shape, options: Options): Doc<Shape>
  export function load<Shape>(bytes: Uint8Array, options: Options): Doc<Shape>
  export function change<Shape>(doc: Doc<Shape>, make: (draft: Shape) => void): Doc<Shape>
  export function save<Shape>(doc: Doc<Shape>): Uint8Array
  export function saveSince<Shape>(doc: Doc<Shape>, heads: Heads): Uint8Array
  export function loadIncremental<Shape>(doc: Doc<Shape>, bytes: Uint8Array): Doc<Shape>
  export function getHeads<Shape>(doc: Doc<Shape>): Heads
  export function free<Shape>(doc: Doc<Shape>): void
}
