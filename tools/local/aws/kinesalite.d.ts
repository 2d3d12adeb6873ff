/** kinesalite comes without types: what is used of it. */
declare module 'kinesalite' {
  import type { Server } from 'node:http'

  interface Options {
    /** How long a stream stays CREATING, in ms. Likewise below. */
    createStreamMs?: number
    deleteStreamMs?: number
    updateStreamMs?: number
    /** Open shards of all streams together. */
    shardLimit?: number
  }

  function kinesalite(options?: Options): Server
  export = kinesalite
}
