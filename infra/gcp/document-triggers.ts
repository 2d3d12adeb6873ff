/**
 * Functions that are called with every write to documents: an Eventarc trigger for each pattern of paths.
 *
 * Eventarc calls again what was not answered with success, 10 s to 10 min apart and for 24 hours, unless a trigger says
 * otherwise; ours say nothing. (https://cloud.google.com/eventarc/docs/retry-events) The events of a database are told
 * in its own region only.
 */

import { shortName } from '../terraform/short-name.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { databaseName } from './database.ts'
import type { EncryptionKey } from './encryption-key.ts'
import { google } from './google.ts'
import type { ServiceAccount } from './service-account.ts'
import type { SiteContext } from './site-context.ts'

/** https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers/create */
const nameLengthMax = 63

/**
 * Events carry documents: what Eventarc keeps of them on their way is under the site's key, too. One for a project and region.
 * (https://cloud.google.com/eventarc/docs/reference/rest/v1/GoogleChannelConfig)
 */
export function protectEvents({ scope, site, project }: SiteContext, key: EncryptionKey): TypedResource {
  return google(scope, 'events', 'google_eventarc_google_channel_config', {
    name: `projects/${project}/locations/${site.region}/googleChannelConfig`,
    location: site.region,
    crypto_key_name: key.for('eventarc'),
  })
}

export interface DocumentTrigger {
  readonly target: TypedResource
  /** Path patterns below the database: `carts/{id}`. */
  readonly patterns: readonly string[]
  readonly caller: ServiceAccount
  readonly dependsOn: readonly TypedResource[]
}

export function triggerByDocuments(
  context: SiteContext,
  name: string,
  trigger: DocumentTrigger,
): readonly TypedResource[] {
  const { scope, site, labels } = context
  const { target, patterns, caller, dependsOn } = trigger
  return patterns.map(pattern => {
    const called = `tributary-${name}-${pattern.replaceAll(/\{[^}]*\}/g, '').replaceAll(/[^a-z0-9]+/gi, '-')}`
    const triggerName = shortName(called.toLowerCase().replace(/-$/, ''), nameLengthMax)
    return google(
      scope,
      snakeCase(triggerName.replace(/^tributary-/, '')),
      'google_eventarc_trigger',
      {
        name: triggerName,
        location: site.region,
        matching_criteria: [
          { attribute: 'type', value: 'google.cloud.firestore.document.v1.written' },
          { attribute: 'database', value: databaseName },
          { attribute: 'document', value: pattern, operator: 'match-path-pattern' },
        ],
        event_data_content_type: 'application/protobuf',
        destination: { cloud_run_service: { service: target.get('name'), region: site.region } },
        service_account: caller.email,
        labels,
      },
      { dependsOn },
    )
  })
}

/** The id of the subscription by which Eventarc hands a trigger's events over. */
export function subscriptionIdOf(trigger: TypedResource): string {
  return `\${basename(${trigger.expression('transport[0].pubsub[0].subscription')})}`
}
