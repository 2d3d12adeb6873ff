/**
 * The key under which everything lies that holds data: the database, its events, the topics and the packages. It is rotated
 * every 90 days; what was encrypted under an older version stays readable.
 *
 * Google's service agents use it, each for its own service. They exist once a service was used or asked for
 * (docs/deploy-gcp.md), and nobody else may use the key.
 */
import type { TypedResource } from '../terraform/typed-resource.ts'
import { google } from './google.ts'
import { keyRotation } from './retention.ts'
import type { SiteContext } from './site-context.ts'

const agents = {
  firestore: 'gcp-sa-firestore',
  eventarc: 'gcp-sa-eventarc',
  pubsub: 'gcp-sa-pubsub',
  storage: 'gs-project-accounts',
} as const
type Agent = keyof typeof agents

export interface EncryptionKey {
  readonly ring: TypedResource
  /** Reference to the key, which resolves once this agent may use it. */
  for(agent: Agent): string
}

export function createEncryptionKey({ scope, site, projectNumber, labels, services }: SiteContext): EncryptionKey {
  const ring = google(
    scope,
    'tributary',
    'google_kms_key_ring',
    { name: 'tributary', location: site.region },
    { dependsOn: services },
  )
  const key = google(
    scope,
    'data',
    'google_kms_crypto_key',
    { name: 'tributary-data', key_ring: ring.id, rotation_period: keyRotation, labels },
    // Without it every record at this site is lost.
    { preventDestroy: true },
  )
  const granted = new Map<Agent, string>()
  const grant = (agent: Agent) => {
    const member = google(
      scope,
      `data_${agent}`,
      'google_kms_crypto_key_iam_member',
      {
        crypto_key_id: key.id,
        role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
        member: memberOf(agent, projectNumber),
      },
      // The database stays, and without this nothing in it can be read, though its key stays, too.
      { preventDestroy: agent === 'firestore' },
    )
    // Through the permission, so that nothing is made under the key before its service may use it.
    return member.get('crypto_key_id')
  }
  return {
    ring,
    for(agent) {
      const reference = granted.get(agent) ?? grant(agent)
      granted.set(agent, reference)
      return reference
    },
  }
}

function memberOf(agent: Agent, projectNumber: string): string {
  const name = `service-${projectNumber}@${agents[agent]}`
  return `serviceAccount:${name}.iam.gserviceaccount.com`
}
