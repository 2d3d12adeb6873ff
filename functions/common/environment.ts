/** What every function is told by its environment, parsed once. Infrastructure and the local clouds set it. */
import type { JWK } from 'jose'
import * as z from '../../shared/document/schema.ts'

const jwk = z.looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() })
const jsonText = z.pipe(
  z.string(),
  z.transform((text: string, { issues }): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      issues.push({ code: 'custom', message: 'no JSON', input: text })
      return z.NEVER
    }
  }),
)

const peers = z.pipe(jsonText, z.record(z.string(), z.object({ url: z.url(), keys: z.array(jwk) })))

export interface PeerAddress {
  readonly url: string
  /** Its root keys: one, or two while one is replaced by the other; none yet: nothing of it is believed. */
  readonly keys: readonly JWK[]
}

/** A variable is missing or wrong: `message` names it and what is expected. */
export class EnvironmentInvalid extends Error {
  constructor(name: string, expected: string) {
    super(`environment variable ${name}: ${expected}`)
    this.name = 'EnvironmentInvalid'
  }
}

export type Variables = Readonly<Record<string, string | undefined>>

export function required(variables: Variables, name: string): string {
  const value = variables[name]
  if (value === undefined || value === '') throw new EnvironmentInvalid(name, 'is not set')
  return value
}

/** The site this function runs at. */
export function siteFrom(variables: Variables): string {
  return required(variables, 'TRIBUTARY_SITE')
}

/** The one peer that a forward function delivers to. */
export function peerFrom(variables: Variables): string {
  return required(variables, 'TRIBUTARY_PEER')
}

/** Every peer's ingest address and root keys, by site. */
export function peersFrom(variables: Variables): ReadonlyMap<string, PeerAddress> {
  return new Map(Object.entries(parse(variables, 'TRIBUTARY_PEERS', peers)))
}

/** Not every function that could talk to peers is given any. */
export function namesPeers(variables: Variables): boolean {
  return variables.TRIBUTARY_PEERS !== undefined
}

/** This site's root key where no KMS holds it: at the local clouds. */
export function signingKeyFrom(variables: Variables): JWK {
  return parse(variables, 'TRIBUTARY_SIGNING_KEY', z.pipe(jsonText, z.extend(jwk, { d: z.string() })))
}

function parse<Output>(variables: Variables, name: string, schema: z.ZodMiniType<Output>): Output {
  const parsed = schema.safeParse(required(variables, name))
  if (!parsed.success) throw new EnvironmentInvalid(name, z.prettifyError(parsed.error))
  return parsed.data
}
