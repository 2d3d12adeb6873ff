/**
 * A site as the declaration has it: its cloud and region, and what its peers must know to talk to it, once it is
 * deployed: where its ingest is, and the public half of each root key (shared/wire/certificate.ts).
 */
import * as z from 'zod'

/** Of a root key that is to be made and that no peer knows yet. */
const pendingKey = 'pending'

/** SubjectPublicKeyInfo of a P-256 key, DER in Base64: what every KMS prints, and a PEM file between its two lines. */
const rootKey = z.string().regex(/^(pending|MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}==)$/, {
  error: `'${pendingKey}', or a public key on P-256: 124 characters that begin with MFkwEwYHKoZIzj0C`,
})
const rootKeyName = z.string().regex(/^[a-z][a-z0-9]{0,19}$/, {
  error: 'a root key is named with up to 20 lower-case letters and digits, and starts with a letter',
})

export const declaredSite = z.strictObject({
  cloud: z.enum(['aws', 'gcp', 'azure']),
  region: z.string().regex(/^[a-z0-9-]+$/, { error: "a region as the cloud writes it, such as 'us-east-1'" }),
  ingest: z
    .string()
    .regex(/^https:\/\/[^\s"\\]+$/, { error: "the address of its ingest, 'https://...'" })
    .exactOptional(),
  rootKeys: z
    .record(rootKeyName, rootKey)
    .refine(keys => [1, 2].includes(Object.keys(keys).length), { error: 'one root key, or two while one is replaced' })
    .exactOptional(),
  signsWith: rootKeyName.exactOptional(),
})

type DeclaredSite = z.output<typeof declaredSite>

/** Who has the key of one site could speak for the other. */
export function sharedKeyFaults(sites: Readonly<Record<string, DeclaredSite>>): readonly string[] {
  const holders = new Map<string, string>()
  return Object.entries(sites).flatMap(([id, { rootKeys = {} }]) =>
    Object.entries(rootKeys).flatMap(([name, key]) => {
      if (key === pendingKey) return []
      const path = `sites.${id}.rootKeys.${name}`
      const other = holders.get(key)
      holders.set(key, other ?? path)
      return other === undefined ? [] : [`${path}: found the key of ${other}; allowed: a key of its own`]
    }),
  )
}

export function siteFaults(id: string, { rootKeys, signsWith }: DeclaredSite): readonly string[] {
  if (signsWith === undefined) return []
  const keys = rootKeys ?? {}
  const known = Object.keys(keys).filter(name => keys[name] !== pendingKey)
  if (known.includes(signsWith)) return []
  const allowed = known.length === 0 ? 'nothing, as no public key is declared' : known.join(', ')
  return [`sites.${id}.signsWith: found '${signsWith}'; allowed: ${allowed}`]
}
