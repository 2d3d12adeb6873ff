/** The packages of this folder come without types: what is used of them. They are not installed with the project. */
declare module 'pouchdb-core' {
  interface Replicator {
    from(source: Database, options: { readonly live: boolean; readonly retry: boolean }): unknown
  }

  interface Database {
    readonly replicate: Replicator
  }

  interface PouchDB {
    new (name: string): Database
    plugin(plugin: unknown): PouchDB
    defaults(options: { readonly adapter: string }): PouchDB
  }

  const PouchDB: PouchDB
  export default PouchDB
}

declare module 'pouchdb-adapter-memory'
declare module 'pouchdb-adapter-http'
declare module 'pouchdb-mapreduce'
declare module 'pouchdb-replication'
declare module 'pouchdb-server'

declare module 'express' {
  import type { RequestListener } from 'node:http'

  interface Application extends RequestListener {
    use(handler: unknown): void
  }

  export default function express(): Application
}

declare module 'express-pouchdb' {
  interface Options {
    readonly mode: 'minimumForPouchDB'
    readonly overrideMode: { readonly exclude: readonly string[] }
  }

  export default function expressPouchDB(PouchDB: unknown, options: Options): unknown
}
