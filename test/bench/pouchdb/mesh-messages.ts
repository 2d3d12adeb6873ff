/** What a node of the mesh and its parent tell each other. */
export type MeshNodeMessage =
  /** `url` is that of the node's database. */
  { readonly kind: 'listening'; readonly url: string } | { readonly kind: 'pulling' }

export interface MeshNodeOrder {
  /** Databases of the other nodes. */
  readonly pullFrom: readonly string[]
}

export const database = 'carts'
