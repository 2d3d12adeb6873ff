/**
 * A function from its bundle: the file that the local clouds run, unchanged. With an identity of its own.
 *
 * Triggers are made apart from it (document-triggers.ts, bus.ts): one function then serves the documents of every data
 * type, as on the other clouds, and keeps the instances that are kept warm to two.
 */
import type { FunctionName } from '../../tools/build/bundle-functions.ts'
import { createFunctionArchive } from '../terraform/function-archive.ts'
import { shortName } from '../terraform/short-name.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { google } from './google.ts'
import type { ServiceAccount } from './service-account.ts'
import type { SiteContext } from './site-context.ts'

export interface SiteFunctionOptions {
  /** As it is called in the project. */
  readonly name: string
  readonly bundle: FunctionName
  readonly description: string
  readonly environment: Readonly<Record<string, string>>
  /** Who it is; its permissions are granted before it is made. */
  readonly account: ServiceAccount
  readonly permissions: readonly TypedResource[]
  /** Reachable through the load balancer, too. */
  readonly isPublic?: boolean
}

/** What all functions of a site share. */
export interface FunctionHome {
  readonly context: SiteContext
  /** Name of the bucket of packages. */
  readonly packages: TypedResource
  readonly builder: ServiceAccount
  readonly builderPermissions: readonly TypedResource[]
  /** References: instances that are kept warm, and the most there are. */
  readonly minInstances: string
  readonly maxInstances: string
}

/** Of a Cloud Run service, which every function is. https://cloud.google.com/run/quotas */
const nameLengthMax = 49

/**
 * Seconds, and requests that an instance is given side by side. A batch may take seconds where a store throttles or a
 * peer is silent (5 s for each request to it). Of ingest the sender expects an answer within 5 s; the rest is for what
 * is under way then. What forward is given side by side travels together: as many as a batch holds.
 */
const shape: Readonly<Record<FunctionName, { readonly timeout: number; readonly concurrency: number }>> = {
  capture: { timeout: 60, concurrency: 20 },
  publish: { timeout: 60, concurrency: 20 },
  forward: { timeout: 60, concurrency: 100 },
  ingest: { timeout: 10, concurrency: 20 },
  prune: { timeout: 180, concurrency: 1 },
}

export function createSiteFunction(home: FunctionHome, options: SiteFunctionOptions): TypedResource {
  const { context, packages, builder, builderPermissions, minInstances, maxInstances } = home
  const { name, bundle, description, environment, account, permissions, isPublic = false } = options
  const { scope, site, project, labels } = context
  const { timeout, concurrency } = shape[bundle]
  const id = snakeCase(name.replace(/^tributary-/, ''))
  const source = packageOf(home, bundle)
  return google(
    scope,
    id,
    'google_cloudfunctions2_function',
    {
      name: shortName(name, nameLengthMax),
      location: site.region,
      description,
      build_config: {
        runtime: 'nodejs24',
        entry_point: bundle,
        service_account: `projects/${project}/serviceAccounts/${builder.email}`,
        source: { storage_source: { bucket: packages.get('name'), object: source.get('name') } },
      },
      service_config: {
        // Prune runs once an hour, alone.
        min_instance_count: bundle === 'prune' ? 0 : minInstances,
        max_instance_count: bundle === 'prune' ? 1 : maxInstances,
        max_instance_request_concurrency: concurrency,
        // More than one request at a time needs a whole one.
        available_cpu: '1',
        available_memory: '512Mi',
        timeout_seconds: timeout,
        ingress_settings: isPublic ? 'ALLOW_INTERNAL_AND_GCLB' : 'ALLOW_INTERNAL_ONLY',
        all_traffic_on_latest_revision: true,
        service_account_email: account.email,
        environment_variables: { TRIBUTARY_SITE: site.id, GOOGLE_CLOUD_PROJECT: project, ...environment },
      },
      labels,
    },
    { dependsOn: [...permissions, ...builderPermissions] },
  )
}

const packagesByHome = new WeakMap<FunctionHome, Map<FunctionName, TypedResource>>()

/** Functions that differ by their environment only share one. */
function packageOf(home: FunctionHome, bundle: FunctionName): TypedResource {
  const made = packagesByHome.get(home) ?? new Map<FunctionName, TypedResource>()
  packagesByHome.set(home, made)
  const existing = made.get(bundle)
  if (existing) return existing
  const { scope } = home.context
  const archive = createFunctionArchive(scope, bundle, bundle)
  const created = google(scope, bundle, 'google_storage_bucket_object', {
    // By its content: another package is another object, which is what makes Cloud Functions build it.
    name: `${bundle}-${archive.get('output_sha256')}.zip`,
    bucket: home.packages.get('name'),
    source: archive.get('output_path'),
  })
  made.set(bundle, created)
  return created
}

/** Address without a path. */
export function uriOf(target: TypedResource): string {
  return target.get('service_config[0].uri')
}

/** Lets an identity call the function: without it Cloud Run turns every request away. */
export function allowCall({ scope, site }: SiteContext, name: string, target: TypedResource, member: string) {
  return google(scope, name, 'google_cloud_run_v2_service_iam_member', {
    location: site.region,
    // The service of a function is called like the function.
    name: target.get('name'),
    role: 'roles/run.invoker',
    member,
  })
}
