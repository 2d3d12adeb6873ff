/**
 * The one thing that is public: `POST /api/ingest`, behind Azure Front Door with a limit on requests. The app itself
 * takes requests from this Front Door only, which names itself in a header that nobody else can set.
 *
 * Why Front Door: it is the cheapest that limits without a key of its own (about 35 USD a month). API Management limits
 * all callers together from its Basic v2 tier on (about 150 USD); its Consumption tier counts by subscription keys, which
 * would be secrets that live long. The price: Front Door counts each caller's address for itself, a minute at a time, so
 * the limit on all of them together is what the instances take (`max_instances`); and it ends TLS at an edge near the
 * caller, which for a peer in the same part of the world is one there (docs/deploy-azure.md).
 */
import { requestsPerSecond } from '../ingest-limit.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { azure } from './azure.ts'
import type { IpRestriction } from './azurerm-types.ts'
import type { SiteContext } from './site-context.ts'

const path = '/api/ingest'

export interface FrontDoor {
  readonly profile: TypedResource
  /** Who may call ingest. */
  readonly allowed: IpRestriction
}

export function createFrontDoor({ scope, group, tags }: SiteContext): FrontDoor {
  const profile = azure(scope, 'ingest', 'azurerm_cdn_frontdoor_profile', {
    name: 'tributary-ingest',
    resource_group_name: group,
    sku_name: 'Standard_AzureFrontDoor',
    tags,
  })
  return {
    profile,
    allowed: {
      name: 'front-door',
      action: 'Allow',
      priority: 100,
      tag: 'ServiceTag',
      ipAddress: 'AzureFrontDoor.Backend',
      headers: { 'x-azure-fdid': [profile.get('resource_guid')] },
    },
  }
}

/** Returns the address that peers deliver to. */
export function createIngestRoute(context: SiteContext, { profile }: FrontDoor, ingest: TypedResource): string {
  const { scope, prefix, tags } = context
  const name = 'ingest'
  const inProfile = { cdn_frontdoor_profile_id: profile.id }
  const endpoint = azure(scope, name, 'azurerm_cdn_frontdoor_endpoint', {
    name: `${prefix}-tributary`,
    ...inProfile,
    tags,
  })
  const origins = azure(scope, name, 'azurerm_cdn_frontdoor_origin_group', {
    name,
    ...inProfile,
    session_affinity_enabled: false,
    load_balancing: {},
  })
  const host = ingest.get('output.properties.defaultHostName')
  const origin = azure(scope, name, 'azurerm_cdn_frontdoor_origin', {
    name,
    cdn_frontdoor_origin_group_id: origins.id,
    enabled: true,
    host_name: host,
    origin_host_header: host,
    certificate_name_check_enabled: true,
  })
  azure(scope, name, 'azurerm_cdn_frontdoor_route', {
    name,
    cdn_frontdoor_endpoint_id: endpoint.id,
    cdn_frontdoor_origin_group_id: origins.id,
    cdn_frontdoor_origin_ids: [origin.id],
    patterns_to_match: [path],
    supported_protocols: ['Https'],
    forwarding_protocol: 'HttpsOnly',
    https_redirect_enabled: false,
    link_to_default_domain: true,
  })
  azure(scope, name, 'azurerm_cdn_frontdoor_security_policy', {
    name,
    ...inProfile,
    security_policies: {
      firewall: {
        cdn_frontdoor_firewall_policy_id: createLimit(context).id,
        association: { patterns_to_match: ['/*'], domain: [{ cdn_frontdoor_domain_id: endpoint.id }] },
      },
    },
  })
  return `https://${endpoint.get('host_name')}${path}`
}

function createLimit({ scope, group, tags }: SiteContext): TypedResource {
  return azure(scope, 'ingest', 'azurerm_cdn_frontdoor_firewall_policy', {
    // Letters and digits only.
    name: 'tributaryingest',
    resource_group_name: group,
    sku_name: 'Standard_AzureFrontDoor',
    mode: 'Prevention',
    custom_rule: [
      {
        name: 'OnlyPost',
        type: 'MatchRule',
        action: 'Block',
        priority: 100,
        match_condition: [
          { match_variable: 'RequestMethod', operator: 'Equal', negation_condition: true, match_values: ['POST'] },
        ],
      },
      {
        name: 'Rate',
        type: 'RateLimitRule',
        action: 'Block',
        priority: 200,
        rate_limit_duration_in_minutes: 1,
        rate_limit_threshold: requestsPerSecond * 60,
        // All that the rule before has let pass.
        match_condition: [
          { match_variable: 'RequestMethod', operator: 'Equal', negation_condition: false, match_values: ['POST'] },
        ],
      },
    ],
    tags,
  })
}
