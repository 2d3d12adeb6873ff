/**
 * The one thing that is public: `POST /ingest`, behind a load balancer of the site's own region with a limit on requests.
 *
 * Why not the function's own address: nothing limits the requests to it. Why not API Gateway: its quotas count by API
 * key, which would be a secret that lives long. Why a regional load balancer and not a global one: a global one ends TLS
 * wherever the caller is near, and records that may not leave a region must not be in the clear outside of it. It
 * authorizes nobody; ingest itself verifies that a known peer signed exactly this request for exactly this site.
 */
import { requestsPerSecond } from '../ingest-limit.ts'
import { createOutput } from '../terraform/output.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { createVariable } from '../terraform/variable.ts'
import { google } from './google.ts'
import type { SiteContext } from './site-context.ts'

/** Cloud Armor counts over 10 s at least. */
const intervalSeconds = 10

const path = '/ingest'

/** For the load balancer's own proxies, which nothing else talks to. */
const proxyRange = '10.129.0.0/23'

/** Behind everything else. */
const lastPriority = 2_147_483_647

/** Returns the address that peers deliver to. */
export function createIngestGateway(context: SiteContext, ingest: TypedResource): string {
  const { scope, site, services } = context
  const { region } = site
  const name = 'tributary-ingest'
  const domain = createVariable(scope, 'ingest_domain', {
    description:
      'Name under which peers reach ingest, such as tributary.example.com; two DNS records have to be made for it',
    pattern: '^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$',
  })
  const network = google(
    scope,
    'ingest',
    'google_compute_network',
    { name, auto_create_subnetworks: false },
    { dependsOn: services },
  )
  const proxies = google(scope, 'ingest_proxies', 'google_compute_subnetwork', {
    name: `${name}-proxies`,
    region,
    network: network.id,
    ip_cidr_range: proxyRange,
    purpose: 'REGIONAL_MANAGED_PROXY',
    role: 'ACTIVE',
  })
  const group = google(scope, 'ingest', 'google_compute_region_network_endpoint_group', {
    name,
    region,
    network_endpoint_type: 'SERVERLESS',
    cloud_run: { service: ingest.get('name') },
  })
  const backend = google(scope, 'ingest', 'google_compute_region_backend_service', {
    name,
    region,
    load_balancing_scheme: 'EXTERNAL_MANAGED',
    protocol: 'HTTPS',
    backend: { group: group.id, balancing_mode: 'UTILIZATION', capacity_scaler: 1 },
    security_policy: createLimit(context, name).get('self_link'),
    log_config: { enable: true, sample_rate: 1 },
  })
  const proxy = google(scope, 'ingest', 'google_compute_region_target_https_proxy', {
    name,
    region,
    url_map: google(scope, 'ingest', 'google_compute_region_url_map', { name, region, default_service: backend.id }).id,
    // TLS 1.3 with whoever speaks it, as every peer of ours does.
    ssl_policy: google(scope, 'ingest', 'google_compute_region_ssl_policy', {
      name,
      region,
      profile: 'RESTRICTED',
      min_tls_version: 'TLS_1_2',
    }).id,
    certificate_manager_certificates: [createCertificate(context, name, domain).id],
  })
  const address = google(
    scope,
    'ingest',
    'google_compute_address',
    { name, region, network_tier: 'STANDARD' },
    { dependsOn: services },
  )
  google(
    scope,
    'ingest',
    'google_compute_forwarding_rule',
    {
      name,
      region,
      load_balancing_scheme: 'EXTERNAL_MANAGED',
      network: network.id,
      network_tier: 'STANDARD',
      ip_address: address.id,
      ip_protocol: 'TCP',
      port_range: '443',
      target: proxy.id,
    },
    { dependsOn: [proxies] },
  )
  createOutput(scope, 'ingest_address', 'A record of ingest_domain', address.get('address'))
  return `https://${domain}${path}`
}

/** Regional certificates are proved by a DNS record only. */
function createCertificate({ scope, site, services }: SiteContext, name: string, domain: string): TypedResource {
  const location = site.region
  const authorization = google(
    scope,
    'ingest',
    'google_certificate_manager_dns_authorization',
    { name, location, domain, type: 'PER_PROJECT_RECORD' },
    { dependsOn: services },
  )
  createOutput(
    scope,
    'ingest_certificate_record',
    'DNS record that proves ingest_domain to be yours',
    authorization.get('dns_resource_record'),
  )
  return google(scope, 'ingest', 'google_certificate_manager_certificate', {
    name,
    location,
    managed: { domains: [domain], dns_authorizations: [authorization.id] },
  })
}

function createLimit({ scope, site, services }: SiteContext, name: string): TypedResource {
  const everybody = { versioned_expr: 'SRC_IPS_V1', config: { src_ip_ranges: ['*'] } } as const
  return google(
    scope,
    'ingest',
    'google_compute_region_security_policy',
    {
      name,
      region: site.region,
      type: 'CLOUD_ARMOR',
      rules: [
        {
          priority: 100,
          action: 'deny(404)',
          description: `Nothing but POST ${path}`,
          match: { expr: { expression: `request.path != '${path}' || request.method != 'POST'` } },
        },
        {
          priority: 200,
          action: 'throttle',
          description: `${requestsPerSecond} requests a second, of all callers together`,
          match: everybody,
          rate_limit_options: {
            conform_action: 'allow',
            exceed_action: 'deny(429)',
            enforce_on_key: 'ALL',
            rate_limit_threshold: { count: requestsPerSecond * intervalSeconds, interval_sec: intervalSeconds },
          },
        },
        { priority: lastPriority, action: 'deny(404)', description: 'What no rule has let pass', match: everybody },
      ],
    },
    { dependsOn: services },
  )
}
